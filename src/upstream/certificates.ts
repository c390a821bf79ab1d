import { readFileSync } from 'node:fs'
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'

/**
 * What to trust besides Node's own roots: `caFile` and `SSL_CERT_FILE`. Undefined when neither is
 * named: Node's defaults are right then, NODE_EXTRA_CA_CERTS included. Reads files, so call it at start.
 * @param warn is told of a file from the environment that is of no use
 * @throws {Error} when `caFile` cannot be read or holds no certificate
 */
export const trustedCertificates = (
  caFile: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  warn: (message: string) => void,
): SecureContext | undefined => {
  const added: string[] = []
  const addFrom = (variable: string) => {
    const file = env[variable]
    if (file === undefined || file === '') return
    try {
      added.push(readCertificates(variable, file))
    } catch (error) {
      warn(String(error instanceof Error ? error.message : error))
    }
  }
  if (caFile !== undefined) added.push(readCertificates('ca-file', caFile))
  addFrom('SSL_CERT_FILE')
  if (added.length === 0) return undefined
  // Node adds this one only to its defaults, which a list of our own replaces.
  addFrom('NODE_EXTRA_CA_CERTS')
  return createSecureContext({ ca: [...rootCertificates, ...added] })
}

const readCertificates = (setting: string, file: string): string => {
  const text = readText(setting, file)
  try {
    createSecureContext({ ca: text })
  } catch (error) {
    throw new Error(`${setting}: ${file} holds a certificate that cannot be read`, { cause: error })
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new Error(`${setting}: ${file} holds no certificate in PEM form`)
  return text
}

const readText = (setting: string, file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new Error(`${setting}: ${file} cannot be read (${code})`, { cause: error })
  }
}
