import { expect, it } from '@jest/globals';
import type {
  ContainerLabels,
  ContainerOwner,
  ContainerRuntime,
  ContainerSpec,
  RuntimeContainer,
  SandboxSpec,
} from '#ports';

/** What a test container's program does; each adapter makes it in its own way. */
export type TestProgram = 'waits' | 'exits-3' | 'prints' | 'cannot-start' | 'ignores-term';

export interface RuntimeUnderTest {
  readonly runtime: ContainerRuntime;
  readonly owner: ContainerOwner;
  readonly commandOf: (program: TestProgram) => readonly string[];
  readonly image: string;
  /** A runtime that the engine is configured with. */
  readonly runtimeHandler: string;
  /** Lets time go by until the condition holds. */
  readonly until: <T>(look: () => Promise<T | undefined>) => Promise<T>;
}

/** A pod of which nothing is asked. */
export const PLAIN_SANDBOX: Omit<SandboxSpec, 'labels' | 'hostname'> = {
  hostNetwork: false,
  hostPid: false,
  hostIpc: false,
  sharePidNamespace: false,
  sysctls: {},
  ports: [],
};
/** A container of which nothing is asked. */
export const PLAIN_CONTAINER: Omit<ContainerSpec, 'labels' | 'sandboxId' | 'image'> = {
  env: [],
  mounts: [],
  tty: false,
  stdin: false,
  stdinOnce: false,
  sharePidNamespace: false,
  hostPid: false,
  hostIpc: false,
  oomScore: 1000,
  security: {
    supplementalGroups: [],
    privileged: false,
    capabilitiesAdd: [],
    capabilitiesDrop: [],
    readOnlyRootFilesystem: false,
    noNewPrivileges: false,
    seccomp: 'unconfined',
    unmaskedProc: false,
  },
};

/** What every container runtime promises. */
export function runtimeContract(open: () => RuntimeUnderTest): void {
  let pods = 0;
  const nextUid = (): string => `uid-${++pods}-${open().owner.cluster}`;
  const labels = (uid: string, container: string, role: ContainerLabels['role'], attempt = 0): ContainerLabels => ({
    ...open().owner,
    namespace: 'default',
    pod: 'p',
    uid,
    container,
    role,
    attempt,
    specHash: 'h',
  });
  const sandbox = (uid: string): SandboxSpec => ({
    ...PLAIN_SANDBOX,
    labels: labels(uid, 'POD', 'infra'),
    hostname: 'the-pod',
  });
  const container = (uid: string, sandboxId: string, program: TestProgram, attempt = 0): ContainerSpec => ({
    ...PLAIN_CONTAINER,
    labels: labels(uid, 'c', 'app', attempt),
    sandboxId,
    image: open().image,
    command: open().commandOf(program),
    env: [['GREETING', 'hello']],
  });
  const inState = (id: string, state: RuntimeContainer['state']): Promise<RuntimeContainer> =>
    open().until(async () => {
      const shown = await open().runtime.inspect(id);
      return shown?.state === state ? shown : undefined;
    });
  const started = async (
    program: TestProgram,
  ): Promise<{ readonly uid: string; readonly id: string; readonly sandboxId: string }> => {
    const { runtime } = open();
    const uid = nextUid();
    const { id: sandboxId } = await runtime.startSandbox(sandbox(uid));
    const id = await runtime.createContainer(container(uid, sandboxId, program));
    await runtime.startContainer(id);
    return { uid, id, sandboxId };
  };

  it('starts a sandbox with an address of its own, and the same one when asked again', async () => {
    const { runtime, owner } = open();
    const uid = nextUid();
    const first = await runtime.startSandbox(sandbox(uid));
    const again = await runtime.startSandbox(sandbox(uid));
    expect(again.id).toBe(first.id);
    expect(first.ips?.[0]).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    const other = await runtime.startSandbox(sandbox(nextUid()));
    expect(other.ips?.[0]).not.toBe(first.ips?.[0]);
    expect((await runtime.containers(owner, uid)).map((c) => c.id)).toEqual([first.id]);
  });
  it('runs a pod by the runtime that is named, and shows it, and none by one that it has not', async () => {
    const { runtime, owner, runtimeHandler } = open();
    const uid = nextUid();
    const { id: sandboxId } = await runtime.startSandbox({ ...sandbox(uid), runtimeHandler });
    const id = await runtime.createContainer({ ...container(uid, sandboxId, 'exits-3'), runtimeHandler });
    await runtime.startContainer(id);
    await inState(id, 'exited');
    const shown = await runtime.containers(owner, uid);
    expect(shown.find((one) => one.id === sandboxId)).toHaveProperty('runtimeHandler', runtimeHandler);
    const other = nextUid();
    await expect(runtime.startSandbox({ ...sandbox(other), runtimeHandler: 'none-such' })).rejects.toMatchObject({
      name: 'RuntimeFault',
      message: 'no runtime for "none-such" is configured',
    });
    expect(await runtime.containers(owner, other)).toEqual([]);
  });
  it('shows a container as created, running and ended, with its labels and its exit code', async () => {
    const { runtime } = open();
    const uid = nextUid();
    const { id: sandboxId } = await runtime.startSandbox(sandbox(uid));
    const id = await runtime.createContainer(container(uid, sandboxId, 'exits-3'));
    expect(await runtime.createContainer(container(uid, sandboxId, 'exits-3'))).toBe(id);
    expect((await runtime.inspect(id))?.state).toBe('created');
    await runtime.startContainer(id);
    const ended = await inState(id, 'exited');
    expect(ended).toMatchObject({ exitCode: 3, labels: labels(uid, 'c', 'app'), sandboxId });
    // An old Docker takes the two times from two clocks, some milliseconds apart.
    expect(ended.finishedAt).toBeGreaterThanOrEqual((ended.startedAt ?? Infinity) - 100);
  });
  it('says why a program could not be started, and shows the container as ended', async () => {
    const { runtime } = open();
    const uid = nextUid();
    const { id: sandboxId } = await runtime.startSandbox(sandbox(uid));
    const id = await runtime.createContainer(container(uid, sandboxId, 'cannot-start'));
    await expect(runtime.startContainer(id)).rejects.toMatchObject({ name: 'RuntimeFault', reason: 'start' });
    expect(await runtime.inspect(id)).toMatchObject({ state: 'exited', startError: expect.any(String) });
  });
  it('does not start what has lost its sandbox, and says so', async () => {
    const { runtime } = open();
    const uid = nextUid();
    const { id: sandboxId } = await runtime.startSandbox(sandbox(uid));
    const id = await runtime.createContainer(container(uid, sandboxId, 'exits-3'));
    await runtime.remove(sandboxId);
    await expect(runtime.startContainer(id)).rejects.toThrow(/network|no such container/i);
    expect(await runtime.inspect(id)).toMatchObject({ state: 'exited', startError: expect.any(String) });
  });
  it('passes signals on, and kills what ignores them', async () => {
    const { runtime } = open();
    const polite = await started('waits');
    // A program that has only just started may not listen for the signal yet: it is told again.
    const left = await open().until(async () => {
      await runtime.signal(polite.id, 'SIGTERM');
      const shown = await runtime.inspect(polite.id);
      return shown?.state === 'exited' ? shown : undefined;
    });
    expect(left.exitCode).toBe(0);
    const deaf = await started('ignores-term');
    await runtime.signal(deaf.id, 'SIGTERM');
    await runtime.signal(deaf.id, 'SIGKILL');
    expect((await inState(deaf.id, 'exited')).exitCode).toBe(137);
  });
  it('removes running containers, and takes what is gone for removed, stopped and signalled', async () => {
    const { runtime } = open();
    const { id } = await started('waits');
    await runtime.remove(id);
    expect(await runtime.inspect(id)).toBeUndefined();
    await runtime.remove(id);
    await runtime.signal(id, 'SIGTERM');
  });
  it('gives the log, whole or its end', async () => {
    const { runtime } = open();
    const { id } = await started('prints');
    await inState(id, 'exited');
    const read = async (tailLines?: number): Promise<string> => {
      let text = '';
      for await (const chunk of runtime.logs(id, {
        follow: false,
        timestamps: false,
        ...(tailLines !== undefined && { tailLines }),
      }))
        text += new TextDecoder().decode(chunk);
      return text;
    };
    expect(await read()).toBe('one\ntwo\nthree\n');
    expect(await read(1)).toBe('three\n');
    expect(await read(0)).toBe('');
  });
  it('tells of what happens to containers of the owner', async () => {
    const { runtime, owner, until } = open();
    const seen: string[] = [];
    const end = runtime.onChange(owner, (change) => seen.push(`${change.podUid} ${change.what}`));
    try {
      const { uid, id } = await started('exits-3');
      await until(async () => (seen.includes(`${uid} exited`) ? true : undefined));
      await runtime.remove(id);
      await until(async () => (seen.includes(`${uid} removed`) ? true : undefined));
    } finally {
      end();
    }
  });
  it('keeps owners apart', async () => {
    const { runtime, owner } = open();
    await started('waits');
    expect(await runtime.containers({ ...owner, node: 'another' })).toEqual([]);
    expect(await runtime.containers({ ...owner, cluster: 'another' })).toEqual([]);
  });
}
