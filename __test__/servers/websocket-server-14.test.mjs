/** The suite of the y-websocket servers, on the version for Yjs 14. */
import { serverSuite } from './suite.mjs'

await serverSuite('@y/websocket-server 0.1.5')
