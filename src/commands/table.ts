import type { Command } from './command.ts'
import { deleteFiles } from './delete.ts'
import { explain } from './explain.ts'
import { exportAll } from './export.ts'
import { genConfig } from './gen-config.ts'
import { help } from './help.ts'
import { index } from './index-command.ts'
import { importAll } from './import.ts'
import { importDevpi } from './import-devpi.ts'
import { ls } from './ls.ts'
import { man } from './man.ts'
import { prefetch } from './prefetch.ts'
import { refresh, update } from './refresh.ts'
import { forcerestart, restart } from './restart.ts'
import { restore } from './restore.ts'
import { run } from './run.ts'
import { condstart, start } from './start.ts'
import { status } from './status.ts'
import { maybestop, stop } from './stop.ts'
import { token } from './token.ts'
import { user } from './user.ts'
import { verify } from './verify.ts'
import { who } from './who.ts'
import { unyank, yank } from './yank.ts'

/** Every command, in the order of help. */
export const commands: readonly Command[] = [
  run,
  start,
  stop,
  restart,
  status,
  condstart,
  maybestop,
  forcerestart,
  genConfig,
  ls,
  prefetch,
  refresh,
  update,
  verify,
  explain,
  exportAll,
  importAll,
  importDevpi,
  yank,
  unyank,
  deleteFiles,
  restore,
  user,
  token,
  index,
  who,
  help,
  man,
]
