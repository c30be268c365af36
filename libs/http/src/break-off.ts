import { constants } from 'node:http2';
import type { AnyResponse } from './answer.js';

/** Ends an answer so that its client cannot take what it has for all of it. */
export function breakOff(response: AnyResponse): void {
  // A destroyed stream of HTTP/2 ends with NO_ERROR, which curl takes for the end of the body.
  if ('stream' in response) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else response.destroy();
}
