import { execFile } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { Fault } from '#std';

const run = promisify(execFile);
const ANSWER_MS = 5000;

/** Gives addresses to network interfaces of this machine and takes them away, with `ip` of iproute2. */
export const bridgeAddress = {
  /** Rejects with a sentence when the address cannot be given. */
  async give(address: string, to: string): Promise<void> {
    await ip(
      ['address', 'replace', `${address}/${address.includes(':') ? 128 : 32}`, 'dev', to],
      `${address} cannot be given to ${to}`,
    );
  },
  /** Addresses that the interface has. Node's own list leaves out a bridge that nothing is connected to. */
  async of(name: string): Promise<readonly string[]> {
    const { stdout } = await run('ip', ['-o', 'address', 'show', 'dev', name], { timeout: ANSWER_MS }).catch(() => ({
      stdout: '',
    }));
    const found = [...stdout.matchAll(/ inet6? ([^ /]+)/g)].map(([, address = '']) => address);
    return found.length > 0 ? found : (networkInterfaces()[name] ?? []).map(({ address }) => address);
  },
  async take(address: string, from: string): Promise<void> {
    await ip(
      ['address', 'delete', `${address}/${address.includes(':') ? 128 : 32}`, 'dev', from],
      `${address} stays at ${from}`,
    );
  },
};
export type BridgeAddress = typeof bridgeAddress;

async function ip(words: readonly string[], what: string): Promise<void> {
  try {
    await run('ip', words, { timeout: ANSWER_MS });
  } catch (cause) {
    const { code, stderr = '', message } = cause as { code?: unknown; stderr?: string; message: string };
    const why =
      code === 'ENOENT'
        ? 'the program ip (iproute2) is not on this machine'
        : /not permitted/i.test(stderr)
          ? 'the agent is not allowed to (it needs to be root or to have CAP_NET_ADMIN)'
          : stderr.trim() || message;
    throw new Fault(`${what}: ${why}`, true, { cause });
  }
}
