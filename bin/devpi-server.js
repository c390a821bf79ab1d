#!/usr/bin/env node
import { main } from '../dist/cli.js'
import { devpiServer } from '../dist/presets/devpi-server.js'

process.exitCode = await main(process.argv.slice(2), devpiServer)
