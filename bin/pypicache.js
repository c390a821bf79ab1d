#!/usr/bin/env node
import { main } from '../dist/cli.js'
import { pypicache } from '../dist/presets/pypicache.js'

process.exitCode = await main(process.argv.slice(2), pypicache)
