/** Loaded with `--import`: `@hocuspocus/*` comes from the folder `HOCUSPOCUS`, and everything else from the repository. */
import { register } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const folder = pathToFileURL(path.join(process.env.HOCUSPOCUS, '/')).href
const repository = new URL('../../../', import.meta.url).href

register(
  'data:text/javascript,'
    + encodeURIComponent(`
  export const resolve = (specifier, context, next) => {
    const parentURL = /^@hocuspocus\\//.test(specifier) ? ${JSON.stringify(folder)}
      : /^yjs$/.test(specifier) ? ${JSON.stringify(repository)} : context.parentURL
    return next(specifier, { ...context, parentURL })
  }`)
)
