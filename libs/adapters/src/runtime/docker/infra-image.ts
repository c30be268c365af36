import { pack } from 'tar-stream';

export const INFRA_IMAGE = 'shiplog/infra:1';

/**
 * The program of the infra container, made here byte by byte so that neither a compiler nor a registry is needed: a static
 * ELF executable that waits for SIGTERM, SIGINT or SIGHUP and exits. It blocks those signals and takes them with
 * `rt_sigtimedwait`, because the kernel drops unhandled signals to a namespace's first process; it ignores SIGCHLD, so that
 * orphans of a shared process namespace are reaped by the kernel.
 */
export function waitingProgram(architecture: string): Uint8Array {
  if (architecture === 'arm64' || architecture === 'aarch64') return elf(183, arm64Code);
  return elf(62, amd64Code);
}

/** A tar archive with `/pause` in it. */
export async function infraArchive(architecture: string): Promise<Uint8Array> {
  const archive = pack();
  archive.entry({ name: 'pause', mode: 0o755, mtime: new Date(0) }, Buffer.from(waitingProgram(architecture)));
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const BASE = 0x400000n;
const HEADERS = 64 + 56;
/** Signals 1, 2 and 15. */
const SIGNAL_SET = (1n << 0n) | (1n << 1n) | (1n << 14n);
const SIGACTION_BYTES = 32;

/** Addresses of the data behind the code: the set of signals, then a `sigaction` that ignores. */
interface DataAt {
  readonly set: number;
  readonly action: number;
  readonly codeStart: number;
}

function elf(machine: number, codeOf: (at: DataAt) => Uint8Array): Uint8Array {
  const start = Number(BASE) + HEADERS;
  const length = codeOf({ set: 0, action: 0, codeStart: start }).length;
  const padded = Math.ceil(length / 8) * 8;
  const code = codeOf({ set: start + padded, action: start + padded + 8, codeStart: start });
  const size = HEADERS + padded + 8 + SIGACTION_BYTES;
  const file = new DataView(new ArrayBuffer(size));
  const bytes = new Uint8Array(file.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.setUint16(16, 2, true); // an executable
  file.setUint16(18, machine, true);
  file.setUint32(20, 1, true);
  file.setBigUint64(24, BIG(start), true); // entry
  file.setBigUint64(32, 64n, true); // program headers
  file.setUint16(52, 64, true);
  file.setUint16(54, 56, true);
  file.setUint16(56, 1, true);
  file.setUint16(58, 64, true);
  // One segment, readable and executable, holds the whole file.
  file.setUint32(64, 1, true);
  file.setUint32(68, 5, true);
  file.setBigUint64(72, 0n, true);
  file.setBigUint64(80, BASE, true);
  file.setBigUint64(88, BASE, true);
  file.setBigUint64(96, BIG(size), true);
  file.setBigUint64(104, BIG(size), true);
  file.setBigUint64(112, 0x1000n, true);
  bytes.set(code, HEADERS);
  file.setBigUint64(HEADERS + padded, SIGNAL_SET, true);
  file.setBigUint64(HEADERS + padded + 8, 1n, true); // SIG_IGN
  return bytes;
}
const BIG = (value: number): bigint => BigInt(value);

function amd64Code(at: DataAt): Uint8Array {
  const code: number[] = [];
  const word = (value: number): number[] => [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255];
  const eax = (value: number): void => void code.push(0xb8, ...word(value));
  const edi = (value: number): void => void code.push(0xbf, ...word(value));
  const esi = (value: number): void => void code.push(0xbe, ...word(value));
  const syscall = (): void => void code.push(0x0f, 0x05);
  const edxZero = (): void => void code.push(0x31, 0xd2);
  const r10Eight = (): void => void code.push(0x41, 0xba, ...word(8));
  (eax(13), edi(17), esi(at.action), edxZero(), r10Eight(), syscall()); // rt_sigaction(SIGCHLD, ignore)
  (eax(14), edi(0), esi(at.set), edxZero(), r10Eight(), syscall()); // rt_sigprocmask(SIG_BLOCK, set)
  const wait = code.length;
  (eax(128), edi(at.set), code.push(0x31, 0xf6), edxZero(), r10Eight(), syscall()); // rt_sigtimedwait(set)
  code.push(0x85, 0xc0); // test eax, eax
  code.push(0x78, (wait - (code.length + 2)) & 255); // again when it was interrupted
  (eax(231), edi(0), syscall()); // exit_group(0)
  return Uint8Array.from(code);
}

function arm64Code(at: DataAt): Uint8Array {
  const words: number[] = [];
  const move = (register: number, value: number): void => void words.push(0xd2800000 | (value << 5) | register);
  const address = (register: number, target: number): void => {
    const offset = target === 0 ? 0 : target - (at.codeStart + words.length * 4);
    words.push(0x10000000 | ((offset & 3) << 29) | (((offset >> 2) & 0x7ffff) << 5) | register);
  };
  const call = (number: number): void => {
    move(8, number);
    words.push(0xd4000001);
  };
  (move(0, 17), address(1, at.action), move(2, 0), move(3, 8), call(134)); // rt_sigaction(SIGCHLD, ignore)
  (move(0, 0), address(1, at.set), move(2, 0), move(3, 8), call(135)); // rt_sigprocmask(SIG_BLOCK, set)
  const wait = words.length;
  (address(0, at.set), move(1, 0), move(2, 0), move(3, 8), call(137)); // rt_sigtimedwait(set)
  words.push(0xb7f80000 | (((wait - words.length) & 0x3fff) << 5)); // tbnz x0, #63: again when it was interrupted
  (move(0, 0), call(94)); // exit_group(0)
  const bytes = new DataView(new ArrayBuffer(words.length * 4));
  words.forEach((word, i) => bytes.setUint32(i * 4, word >>> 0, true));
  return new Uint8Array(bytes.buffer);
}
