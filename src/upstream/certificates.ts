import { readFileSync } from 'node:fs'
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'

/**
 * What to trust besides Node's own roots: `caFile`, which is read now, and `SSL_CERT_FILE`, which is
 * read when it is asked for, since the whole list takes time and memory that plain http never needs.
 * It answers undefined when neither is named: Node's defaults are right then, NODE_EXTRA_CA_CERTS
 * included.
 * @param warn is told of a file from the environment that is of no use
 * @throws {Error} when `caFile` cannot be read or holds no certificate
 */
export const trustedCertificates = (
  caFile: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  warn: (message: string) => void,
): (() => SecureContext | undefined) => {
  const named = caFile === undefined ? [] : [readCertificates('ca-file', caFile)]
  const fromEnvironment = (variable: string): string[] => {
    const file = env[variable]
    if (file === undefined || file === '') return []
    try {
      return [readCertificates(variable, file)]
    } catch (error) {
      warn(String(error instanceof Error ? error.message : error))
      return []
    }
  }
  let made: { readonly context: SecureContext | undefined } | undefined
  return () => (made ??= { context: contextOf(named, fromEnvironment) }).context
}

const contextOf = (
  named: readonly string[],
  fromEnvironment: (variable: string) => string[],
): SecureContext | undefined => {
  const added = [...named, ...fromEnvironment('SSL_CERT_FILE')]
  if (added.length === 0) return undefined
  // Node adds this one only to its defaults, which a list of our own replaces.
  const ca = [...rootCertificates, ...added, ...fromEnvironment('NODE_EXTRA_CA_CERTS')]
  return createSecureContext({ ca })
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
