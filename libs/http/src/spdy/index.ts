export { SpdySession } from './session.js';
export type { SpdyStream } from './stream.js';
