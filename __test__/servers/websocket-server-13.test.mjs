/** The suite of the y-websocket servers, on the last version for Yjs 13. */
import { serverSuite } from './suite.mjs'

await serverSuite('@y/websocket-server 0.1.1')
