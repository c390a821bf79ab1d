import { parseArgs } from 'node:util'

/** The parts of the benchmark, in the order in which they run. */
export const sections = [
  'swarm',
  'pages',
  'files',
  'pip',
  'cold',
  'prefetch',
  'uploads',
  'devpi',
  'start',
]

const help = `npm run bench -- [options]

  --only LIST            some of ${sections.join(',')}; the rest is not run
  --quick                fewer and shorter rounds: about two minutes
  --no-ours              everything but our server: a check of the harness itself
  --peer NAME=URL        measure this simple index too (it must already run); may be repeated
  --site DIR             make the upstream's files in DIR, or use what is there, and keep them
  --upstream-port N      where the upstream listens, so that a peer can be pointed at it
  --out FILE             where to write the table; a whole run writes BENCHMARKS.md

The variable DEVPI_SERVER names the program of a real devpi-server to compare with, devpi-init beside it.
`

const peerOf = text => {
  const [, name, url] = /^([^=]+)=(http:.+)$/.exec(text) ?? []
  if (name === undefined) throw new Error(`--peer ${text}: give NAME=http://HOST:PORT/PATH/`)
  return { name, optional: true, index: url.endsWith('/') ? url : `${url}/` }
}

const sectionsOf = text => {
  const names = text.split(',')
  const unknown = names.find(name => !sections.includes(name))
  if (unknown !== undefined)
    throw new Error(`--only ${unknown}: no such part; there are ${sections.join(', ')}`)
  return names
}

const pace = quick =>
  quick ?
    { rounds: 2, seconds: 1, pipRounds: 1, coldRounds: 1, starts: 1, idleSeconds: 3 }
  : { rounds: 5, seconds: 2, pipRounds: 5, coldRounds: 3, starts: 3, idleSeconds: 10 }

/** What was asked for on the command line, or undefined after `--help` was answered; throws on what makes no sense. */
export const readOptions = argv => {
  const { values } = parseArgs({
    args: argv,
    options: {
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      'no-ours': { type: 'boolean', default: false },
      peer: { type: 'string', multiple: true, default: [] },
      site: { type: 'string' },
      'upstream-port': { type: 'string', default: '0' },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return undefined
  }
  return {
    ...pace(values.quick),
    only: values.only === undefined ? sections : sectionsOf(values.only),
    whole: values.only === undefined && !values.quick && !values['no-ours'],
    ours: !values['no-ours'],
    peers: values.peer.map(peerOf),
    site: values.site,
    upstreamPort: Number(values['upstream-port']),
    out: values.out,
  }
}
