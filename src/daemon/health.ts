import { get } from 'node:http'

/** Whether a server answers its health request within so many milliseconds. Never throws. */
export const isAnswering = (url: string, milliseconds: number): Promise<boolean> =>
  new Promise(resolve => {
    const signal = AbortSignal.timeout(milliseconds)
    const request = get(new URL('-/health', url), { signal, agent: false }, response => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('error', () => resolve(false))
  })
