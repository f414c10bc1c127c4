/** The suite of the y-websocket servers, on the one that y-websocket 2 contains. */
import { serverSuite } from './suite.mjs'

await serverSuite('y-websocket 2')
