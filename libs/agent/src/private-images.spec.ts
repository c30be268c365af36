import { describe, expect, it } from '@jest/globals';
import { TestNode, testPod } from './test-node.js';

const IMAGE = 'registry.example/team/app:1';
const GOOD = { username: 'ann', password: 'right' };

/** A node whose engine keeps what was pulled, before a registry that gives the image to Ann only. */
class Bench {
  readonly present = new Set<string>();
  readonly pulls: (string | undefined)[] = [];
  isPublic = false;
  /** Called while a pull is under way. */
  onPull: () => void = () => undefined;
  readonly node = new TestNode({
    hasImage: (reference) => this.present.has(reference),
    refusesPull: (reference, credentials) => {
      this.pulls.push(credentials?.username);
      this.onPull();
      if (!this.isPublic && credentials?.password !== GOOD.password) return 'denied';
      this.present.add(reference);
      return undefined;
    },
  });

  secret(name: string, { username, password }: { username: string; password: string }, uid = `uid-${name}`): void {
    const auths = { 'registry.example': { auth: Buffer.from(`${username}:${password}`).toString('base64') } };
    const data = { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') };
    this.node.assign({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'default', uid }, data });
  }
  /** Runs a pod, and returns why its container waits; '' when it runs. */
  async pod(name: string, secrets: readonly string[], policy = 'IfNotPresent', image = IMAGE): Promise<string> {
    const containers = [{ name: 'c', image, imagePullPolicy: policy }];
    this.node.assign(testPod(name, { containers, imagePullSecrets: secrets.map((one) => ({ name: one })) }));
    await this.node.run(3000);
    return this.why(name);
  }
  why(name: string): string {
    if (this.node.running(name).includes('c/0')) return '';
    const report = this.node.reports.filter(({ name: of }) => of === name).at(-1);
    const statuses = report?.status['containerStatuses'] as { state: { waiting?: { reason: string } } }[] | undefined;
    return statuses?.[0]?.state.waiting?.reason ?? 'nothing is known';
  }
}

async function started(): Promise<Bench> {
  const bench = new Bench();
  await bench.node.start();
  bench.secret('good', GOOD);
  bench.secret('bad', { username: 'bob', password: 'wrong' });
  return bench;
}

describe('an image that was pulled with credentials', () => {
  it('is there only for pods whose own credentials were proved for it', async () => {
    const bench = await started();
    expect(await bench.pod('first', ['good'])).toBe('');
    expect(bench.pulls).toEqual(['ann']);
    // The same Secret has proved it; another one with the same credentials too.
    bench.secret('copy', GOOD);
    expect(await bench.pod('second', ['good'])).toBe('');
    expect(await bench.pod('third', ['copy'])).toBe('');
    expect(await bench.pod('never', ['good'], 'Never')).toBe('');
    expect(bench.pulls).toEqual(['ann']);
    // Others have to prove theirs.
    expect(await bench.pod('nobody', [])).toMatch(/^(ErrImagePull|ImagePullBackOff)$/);
    expect(await bench.pod('bob', ['bad'])).toMatch(/^(ErrImagePull|ImagePullBackOff)$/);
    expect(bench.pulls.slice(1)).toEqual([undefined, 'bob']);
    expect(await bench.pod('bob-never', ['bad'], 'Never')).toBe('ErrImageNeverPull');
    bench.secret('other', { username: 'ann2', password: GOOD.password });
    expect(await bench.pod('fourth', ['bad', 'other'])).toBe('');
    expect(bench.pulls.slice(3)).toEqual(['bob', 'ann2']);
  });

  it('stays so over a restart of the agent, and nothing of the credentials is on its disk', async () => {
    const bench = await started();
    await bench.pod('first', ['good']);
    const state = (await bench.node.volumes.loadState()) ?? '';
    expect(state).toContain('uid-good');
    for (const clear of [GOOD.password, Buffer.from(`ann:${GOOD.password}`).toString('base64')])
      expect(state).not.toContain(clear);
    await bench.node.restartAgent();
    expect(await bench.pod('second', ['good'])).toBe('');
    expect(bench.pulls).toEqual(['ann']);
    expect(await bench.pod('nobody', [])).not.toBe('');
  });

  it('stays so when the agent died while it was pulled, though nobody knows then with what', async () => {
    const bench = await started();
    let state: string | undefined;
    bench.onPull = () => void bench.node.volumes.loadState().then((text) => (state ??= text));
    await bench.pod('first', ['good']);
    expect(state).toBeDefined();
    await bench.node.agent.stop();
    await bench.node.volumes.saveState(state ?? '');
    await bench.node.restartAgent();
    expect(await bench.pod('nobody', [])).not.toBe('');
    expect(await bench.pod('second', ['good'])).toBe('');
  });

  it('is for everybody once it was pulled without credentials', async () => {
    const bench = await started();
    await bench.pod('first', ['good']);
    bench.isPublic = true;
    expect(await bench.pod('nobody', [])).toBe('');
    bench.isPublic = false;
    expect(await bench.pod('bob-never', ['bad'], 'Never')).toBe('');
  });
});

describe('an image that the agent has not pulled', () => {
  it('is for every pod', async () => {
    const bench = await started();
    bench.present.add(IMAGE);
    expect(await bench.pod('nobody', [])).toBe('');
    expect(await bench.pod('never', ['bad'], 'Never')).toBe('');
    expect(bench.pulls).toEqual([]);
  });
});

describe('a pull that cannot be recorded', () => {
  it('is not begun', async () => {
    const bench = await started();
    const { saveState } = bench.node.volumes;
    bench.node.volumes.saveState = () => Promise.reject(new Error('ENOSPC: no space left on device'));
    expect(await bench.pod('first', ['good'])).toMatch(/^(ErrImagePull|ImagePullBackOff)$/);
    expect(bench.pulls).toEqual([]);
    bench.node.volumes.saveState = saveState;
    await bench.node.run(60_000);
    expect(bench.why('first')).toBe('');
  });
});
