import type { Deployment } from './deployment.ts'

/** Where the directory and the program are inside. */
export const inside = { cache: '/cache', program: '/app/bin/proxypypi.js' } as const

/**
 * An image with the program alone, good for any settings; the package is what it is built from. What
 * the program depends on is installed anew, without install scripts, so that nothing else of the
 * machine that builds it comes along.
 */
export const containerfile = ({ settings }: Deployment): string =>
  [
    'FROM docker.io/library/node:22-slim AS build',
    'WORKDIR /app',
    'COPY package*.json ./',
    'RUN npm install --omit=dev --ignore-scripts --no-audit --no-fund',
    'COPY bin bin',
    'COPY dist dist',
    '',
    'FROM docker.io/library/node:22-slim',
    'COPY --from=build /app /app',
    `RUN mkdir ${inside.cache} && chown node:node ${inside.cache}`,
    `ENV NODE_ENV=production PROXYPYPI_CACHE=${inside.cache} PROXYPYPI_BIND=0.0.0.0`,
    'USER node',
    `VOLUME ${inside.cache}`,
    `EXPOSE ${settings.port}`,
    `ENTRYPOINT ${JSON.stringify(['node', inside.program])}`,
    'CMD ["run"]',
    '',
  ].join('\n')
