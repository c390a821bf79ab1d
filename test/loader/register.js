import module from 'node:module'

// Node 26 warns of register(), and Node 20 does not have what comes in its place.
if (parseInt(process.versions.node, 10) < 26) module.register('./hooks.js', import.meta.url)
else module.registerHooks(await import('./hooks.js'))
