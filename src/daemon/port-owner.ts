import { readdir, readFile, readlink } from 'node:fs/promises'
import { commandOf } from './process.ts'

const listening = async (port: number): Promise<ReadonlySet<string>> => {
  const inodes = new Set<string>()
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  for (const table of ['tcp', 'tcp6']) {
    const text = await readFile(`/proc/net/${table}`, 'utf8').catch(() => '')
    for (const line of text.split('\n')) {
      const fields = line.trim().split(/\s+/)
      const [, local = '', , state, , , , , , inode] = fields
      if (state === '0A' && local.endsWith(suffix) && inode !== undefined) inodes.add(inode)
    }
  }
  return inodes
}

const holds = async (pid: string, inodes: ReadonlySet<string>): Promise<boolean> => {
  const directory = `/proc/${pid}/fd`
  for (const descriptor of await readdir(directory).catch(() => [])) {
    const target = await readlink(`${directory}/${descriptor}`).catch(() => '')
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1]
    if (inode !== undefined && inodes.has(inode)) return true
  }
  return false
}

/** Which process listens on a port: `pid 12 (nginx -g)`. Undefined where the system does not tell. */
export const portOwner = async (port: number): Promise<string | undefined> => {
  const inodes = await listening(port)
  if (inodes.size === 0) return undefined
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid) || !(await holds(pid, inodes))) continue
    const command = await commandOf(Number(pid))
    return command === undefined ? `pid ${pid}` : `pid ${pid} (${command})`
  }
  return undefined
}
