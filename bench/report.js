import { availableParallelism, cpus, totalmem } from 'node:os'
import { nginxVersion } from './nginx.js'

const mark = met =>
  met === undefined ? '—'
  : met ? 'yes'
  : '**no**'

const usual = [
  'ours',
  'nginx static',
  'nginx caching proxy',
  'nginx WebDAV',
  'pip to upstream',
  'devpi-server',
]

const line = cells => `| ${cells.join(' | ')} |`

/** The rows as a Markdown table with a column for each server that was seen. */
export const table = rows => {
  const columns = [...new Set([...usual, ...rows.flatMap(row => [...row.cells.keys()])])].filter(
    name => rows.some(row => row.cells.has(name)),
  )
  const head = ['work', 'required', ...columns, 'ratio', 'met']
  return [
    line(head),
    line(head.map(() => '---')),
    ...rows.map(row =>
      line([
        row.work,
        row.required,
        ...columns.map(name => row.cells.get(name) ?? '—'),
        row.ratio || '—',
        mark(row.met),
      ]),
    ),
  ].join('\n')
}

const machine = async () =>
  `${availableParallelism()} cores (${cpus()[0].model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB, ` +
  `Linux ${process.platform === 'linux' ? process.arch : process.platform}, Node ${process.versions.node}, ` +
  `nginx ${await nginxVersion()}`

/** The whole of BENCHMARKS.md. */
export const document = async (rows, command, options) => `# Benchmarks

Made by \`${command}\` on ${new Date().toISOString().slice(0, 10)}.
Machine: ${await machine()}.

Everything ran side by side on this one machine: our server with one process, nginx with one worker, and the
load (\`wrk\`, one thread, 32 kept connections unless the row says otherwise), so read the ratios, not
the figures. Figures per second are medians of ${options.rounds} rounds of ${options.seconds} s; pip ran ${options.pipRounds} times warm and
${options.coldRounds} cold, the first byte was taken 5 times, starts ${options.starts}; always in turn: ours, nginx, ours, nginx. Memory was
read once.

${table(rows)}

- *nginx static* serves the same bytes as our server from files, compressed beforehand (\`gzip_static\`, \`sendfile\`).
- *nginx caching proxy* caches the same upstream and compresses on the fly.
- *nginx WebDAV* stores what \`curl -T\` sends; its file is then synced by the benchmark, within the time that
  counts. Ours gets a form by \`curl -F\`, hashes it, looks into the wheel, and syncs before it answers.
- *pip to upstream* is pip without any proxy between. The upstream is nginx too; "40 ms away" means a relay that
  holds everything back for 20 ms each way and opens a connection in one round trip.
- *devpi-server* is 6.19.1 with its own storage, without devpi-web, over the same upstream. The same
  requests go to both, in turn.
- A ratio is ours divided by the server named under *required*. A dash means: not measured, or not offered by that server.
- Large files are read by raw sockets with a 256 KiB buffer, because \`wrk\` reads 8 KiB at a time and would
  itself be the limit.
- What is installed: ${options.real} wheels from the local index that pip is configured with.
`
