import { readdir, readFile, stat } from 'node:fs/promises';
import type Docker from 'dockerode';
import { INFRA_IMAGE } from './infra-image.js';

const NAMES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_ADMIN',
  'NET_RAW',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'LEASE',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SETFCAP',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'SYSLOG',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
  'AUDIT_READ',
  'PERFMON',
  'BPF',
  'CHECKPOINT_RESTORE',
];
const STANDARD_DEVICES = new Set(['null', 'zero', 'full', 'random', 'urandom', 'tty', 'console', 'ptmx']);

/** What an engine that itself lacks some capabilities can give in place of "all of them". */
export interface Privileges {
  /** Capabilities that this machine's engine cannot hand on; undefined when it can hand on all. */
  readonly lacking: readonly string[] | undefined;
  readonly devices: readonly string[];
}

/** Tries once whether the engine can start a container with all capabilities: on some machines even root lacks some. */
export async function findPrivileges(docker: Docker): Promise<Privileges> {
  const trial = await docker.createContainer({
    Image: INFRA_IMAGE,
    HostConfig: { CapAdd: ['ALL'], NetworkMode: 'none' },
  });
  try {
    await trial.start();
    return { lacking: undefined, devices: [] };
  } catch (error) {
    if (!/unable to apply caps/.test(String(error))) throw error;
    return { lacking: await lackingHere(), devices: await devicesHere() };
  } finally {
    await trial.remove({ force: true });
  }
}

async function lackingHere(): Promise<readonly string[]> {
  const bounding = /^CapBnd:\s*([0-9a-f]+)$/m.exec(await readFile('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const held = BigInt(`0x${bounding}`);
  return NAMES.filter((_, bit) => ((held >> BigInt(bit)) & 1n) === 0n);
}
async function devicesHere(): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await readdir('/dev').catch(() => [])) {
    const shown = await stat(`/dev/${name}`).catch(() => undefined);
    if (shown && (shown.isCharacterDevice() || shown.isBlockDevice()) && !STANDARD_DEVICES.has(name))
      found.push(`/dev/${name}`);
  }
  return found;
}
