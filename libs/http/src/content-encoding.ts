import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** Answers of so many bytes are compressed for clients that accept it: the limit of the genuine server. */
export const COMPRESSED_BYTES_MIN = 128 * 1024;
/** Level 1 is the genuine server's choice: JSON shrinks to a tenth, and the higher levels take several times as long. */
const LEVEL = 1;
/** Compressions at the same time. More would keep the file operations of the log waiting in the same thread pool. */
const SEATS = 2;

const gzipped = promisify(gzip);

/** Whether an Accept-Encoding header allows gzip. A quality of zero forbids it. */
export function acceptsGzip(header: string | readonly string[] | undefined): boolean {
  return String(header ?? '')
    .split(',')
    .some((part) => {
      const [coding = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
      return coding === 'gzip' && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    });
}

let taken = 0;
const waiting: (() => void)[] = [];

/** Compresses on the thread pool, in pieces of about a millisecond; the event loop stays free. */
export async function compressed(bytes: Uint8Array): Promise<Buffer> {
  if (taken < SEATS) taken++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await gzipped(bytes, { level: LEVEL });
  } finally {
    // The seat passes to the next in line without becoming free in between.
    const next = waiting.shift();
    if (next) next();
    else taken--;
  }
}
