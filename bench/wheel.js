import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

const local = (name, body, sum) => {
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x04034b50, 0)
  header.writeUInt16LE(20, 4)
  header.writeUInt16LE(0x21, 12)
  header.writeUInt32LE(sum, 14)
  header.writeUInt32LE(body.length, 18)
  header.writeUInt32LE(body.length, 22)
  header.writeUInt16LE(name.length, 26)
  return Buffer.concat([header, Buffer.from(name)])
}

const central = (name, body, sum, offset) => {
  const header = Buffer.alloc(46)
  header.writeUInt32LE(0x02014b50, 0)
  header.writeUInt16LE(20, 4)
  header.writeUInt16LE(20, 6)
  header.writeUInt16LE(0x21, 14)
  header.writeUInt32LE(sum, 16)
  header.writeUInt32LE(body.length, 20)
  header.writeUInt32LE(body.length, 24)
  header.writeUInt16LE(name.length, 28)
  header.writeUInt32LE(offset, 42)
  return Buffer.concat([header, Buffer.from(name)])
}

const zip = entries => {
  const parts = []
  const directory = []
  let offset = 0
  for (const [name, body] of entries) {
    const sum = crc32(body)
    const head = local(name, body, sum)
    directory.push(central(name, body, sum, offset))
    parts.push(head, body)
    offset += head.length + body.length
  }
  const size = directory.reduce((total, entry) => total + entry.length, 0)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(size, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, ...directory, end])
}

/** A wheel that pip accepts, with `payload` as its only content: `{ filename, body, metadata }`. */
export const makeWheel = (name, version, payload, tag = 'py3') => {
  const info = `${name}-${version}.dist-info`
  const metadata = Buffer.from(
    `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\nRequires-Python: >=3.8\n`,
  )
  const tags = Buffer.from(
    `Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: ${tag}-none-any\n`,
  )
  const files = [
    [`${name}/payload.bin`, payload],
    [`${info}/METADATA`, metadata],
    [`${info}/WHEEL`, tags],
  ]
  const record = files.map(
    ([path, body]) =>
      `${path},sha256=${createHash('sha256').update(body).digest('base64url')},${body.length}\n`,
  )
  const body = zip([
    ...files,
    [`${info}/RECORD`, Buffer.from(`${record.join('')}${info}/RECORD,,\n`)],
  ])
  return { filename: `${name}-${version}-${tag}-none-any.whl`, body, metadata }
}
