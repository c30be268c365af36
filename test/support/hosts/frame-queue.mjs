// Passes Ethernet frames between two TAP devices, each a while after it came: `frame-queue.mjs <milliseconds>`, with the
// devices open as descriptors 3 and 4. Opening them takes an ioctl, which Node has none of: `frame-queue.pl` does that.
import { read, writeSync } from 'node:fs';

const FRAME_BYTES_MAX = 65_536;
/** What waits beyond this is dropped, as a router's full buffer would. */
const WAITING_BYTES_MAX = 64 << 20;
const delayMs = Number(process.argv[2]);

/** Frames of one direction, in order. */
class Queue {
  frames = [];
  first = 0;
  bytes = 0;
  timer = undefined;

  constructor(to) {
    this.to = to;
  }

  add(frame) {
    if (this.bytes + frame.length > WAITING_BYTES_MAX) return;
    this.bytes += frame.length;
    this.frames.push({ due: performance.now() + delayMs, frame });
    this.timer ??= setTimeout(() => this.send(), delayMs);
  }

  send() {
    this.timer = undefined;
    const now = performance.now();
    for (; this.first < this.frames.length; this.first++) {
      const { due, frame } = this.frames[this.first];
      // A timer may fire up to a millisecond early.
      if (due - now >= 0.5) break;
      this.bytes -= frame.length;
      write(this.to, frame);
    }
    if (this.first === this.frames.length || this.first > 10_000) {
      this.frames.splice(0, this.first);
      this.first = 0;
    }
    const next = this.frames[this.first];
    if (next !== undefined) this.timer = setTimeout(() => this.send(), Math.max(0, next.due - now));
  }
}

function write(to, frame) {
  try {
    writeSync(to, frame);
  } catch {
    // The device is down: a frame that nobody takes is lost.
  }
}

function carry(from, queue) {
  const buffer = Buffer.allocUnsafe(FRAME_BYTES_MAX);
  const next = () =>
    read(from, buffer, 0, buffer.length, null, (error, length) => {
      // The device was deleted. An orderly end would wait for the read of the other one.
      if (error) process.kill(process.pid, 'SIGKILL');
      queue.add(Buffer.from(buffer.subarray(0, length)));
      next();
    });
  next();
}

carry(3, new Queue(4));
carry(4, new Queue(3));
process.stdout.write('ready\n');
