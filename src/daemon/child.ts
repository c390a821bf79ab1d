/**
 * What `start` and the workers' primary run: a daemon, or a worker of one. Settings come over the
 * channel to the parent, so that no command line and no environment shows a credential.
 */
import cluster from 'node:cluster'
import { runDaemon } from './daemon.ts'

if (cluster.isWorker) {
  const { runWorker } = await import('./worker.ts')
  runWorker()
} else runDaemon()
