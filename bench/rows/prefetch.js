import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { interleaved, time } from '../measure.js'
import { run } from '../processes.js'
import { closure, plainEnvironment } from '../real-wheels.js'

const program = fileURLToPath(new URL('../../bin/proxypypi.js', import.meta.url))

const timed = async (bench, work) => {
  const directory = await mkdtemp(join(bench.scratch, 'prefetch-'))
  const began = performance.now()
  await work(directory)
  const seconds = (performance.now() - began) / 1000
  const names = await readdir(directory, { recursive: true })
  const wheels = names.filter(name => name.endsWith('.whl')).length
  await rm(directory, { recursive: true })
  if (wheels < bench.site.closure)
    throw new Error(`${wheels} of ${bench.site.closure} wheels were fetched`)
  return seconds
}

/** The whole closure from an upstream far away, by `prefetch` and by `pip download`. */
export const prefetchRow = async (bench, add, far) => {
  const list = join(bench.scratch, 'requirements.txt')
  await writeFile(list, `${closure.join('\n')}\n`)
  const { stdout } = await run(bench.python, [
    '-c',
    'import sys; print("%d.%d" % sys.version_info[:2])',
  ])
  const ours = directory => {
    const target = ['--python', stdout.trim()]
    return run(process.execPath, [program, '-d', directory, '-i', far, 'prefetch', list, ...target])
  }
  const pip = directory => {
    const options = ['--no-cache-dir', '--only-binary', ':all:', '-d', directory, '-r', list]
    return run(bench.python, ['-m', 'pip', 'download', '-q', '--index-url', far, ...options], {
      env: plainEnvironment(),
    })
  }
  const targets = [
    ...(bench.options.ours ? [{ name: 'ours', once: ours }] : []),
    { name: 'pip to upstream', once: pip },
  ]
  const values = await interleaved(targets, bench.options.coldRounds, ({ once }) =>
    timed(bench, once),
  )
  const work = `\`prefetch\` of ${bench.site.closure} packages, upstream 40 ms away (pip: \`download\`)`
  add(time(work, 's', values, [['pip to upstream', 0.33]]))
}
