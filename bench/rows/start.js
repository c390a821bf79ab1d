import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { limit, median, show } from '../measure.js'
import { cpuTime } from '../processes.js'
import { locate, startOurs } from '../servers.js'
import { makeWheel } from '../wheel.js'

const projects = 10_000
const perProject = 10

const layProject = async (directory, at) => {
  const name = `project_${String(at).padStart(5, '0')}`
  const folder = join(directory, name.replaceAll('_', '-'))
  await mkdir(folder)
  for (let version = 0; version < perProject; version += 1) {
    const { filename, body } = makeWheel(name, `1.${version}`, Buffer.alloc(0))
    await writeFile(join(folder, filename), body)
  }
}

const lay = async directory => {
  for (let at = 0; at < projects; at += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, next) => layProject(directory, at + next)))
  }
}

const idleShare = async (ours, seconds) => {
  await sleep(2000)
  const before = await cpuTime(ours.pid)
  await sleep(seconds * 1000)
  return (await cpuTime(ours.pid)) - before
}

/** The rows about a start over a large directory. */
export const startRows = async (bench, add) => {
  if (!bench.options.ours) return
  const { starts, idleSeconds } = bench.options
  const directory = join(bench.scratch, 'large')
  await mkdir(directory)
  await lay(directory)
  const seen = []
  let used
  for (let round = 0; round < starts; round += 1) {
    const ours = await startOurs(bench, bench.upstream.index, directory)
    seen.push(ours.readyAfter)
    if (round === starts - 1) {
      used = await idleShare(ours, idleSeconds)
      await locate(ours.index, 'project-04711', 'project_04711-1.7-py3-none-any.whl')
    }
    await ours.stop()
  }
  const ready = median(seen)
  const work = 'ready after start with 100,000 files in 10,000 projects'
  add(limit(work, '≤ 1 s', show(ready / 1000, 's'), ready <= 1000))
  const text = `${used} ms in ${idleSeconds} s`
  add(limit('idle processor time over them', '0 (one 10 ms tick at most)', text, used <= 10))
}
