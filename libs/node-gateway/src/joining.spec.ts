import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryEventLog, MemoryKeyStore, NatsAuthority, NodeAdmission, VirtualClock } from '#adapters';
import { APPROVED, certificateSigningRequests, DENIED, NODE_BUS_SIGNER, registry } from '#kinds';
import { isRefusal, type JoinAnswer, type UserInfo } from '#model';
import { toTime, uuidOf } from '#std';
import { testCreate, testPlane } from '../../engine/src/testing.js';
import { testRequest } from '../../kinds/src/x509/testing/test-requests.js';
import { busKeyOf, newUserKey } from '../../adapters/src/index.js';
import { Joining, type KnownToken } from './joining.js';

const USER: UserInfo = { name: 'system:bootstrap:abc123', groups: ['system:bootstrappers'] };

describe('a machine that asks to join', () => {
  let tokens: Record<string, KnownToken>;
  let admission: NodeAdmission;
  let joining: Joining;
  let plane: ReturnType<typeof testPlane>;
  let writer: Awaited<ReturnType<typeof plane.becomeWriter>>;
  let clock: VirtualClock;
  /** What the request of each text reads as. */
  let keys: Map<string, { readonly commonName: string; readonly publicKey: string }>;

  beforeEach(async () => {
    plane = testPlane(new MemoryEventLog(), registry);
    await plane.start();
    writer = await plane.becomeWriter('test-cluster');
    clock = new VirtualClock(Date.UTC(2026, 0));
    tokens = { abc123: { user: USER, expires: undefined } };
    keys = new Map();
    const store = new MemoryKeyStore();
    admission = new NodeAdmission(store, await NatsAuthority.open(store), clock);
    joining = new Joining({
      ...{ reads: plane.reads, commands: writer, clock, ids: plane.options.ids, admission },
      token: (id) => tokens[id],
      readRequest: (request) => keys.get(request),
      ca: () => 'the CA',
      signerName: NODE_BUS_SIGNER,
    });
  });

  const requestOf = async (node: string): Promise<string> => {
    const { request } = await testRequest({
      commonName: `system:node:${node}`,
      organizations: ['system:nodes'],
      key: 'ed25519',
    });
    keys.set(request, { commonName: `system:node:${node}`, publicKey: newUserKey().publicKey });
    return request;
  };
  const ask = async (
    node: string,
    more: { token?: string; now?: number; request?: string } = {},
  ): Promise<JoinAnswer> => {
    const { token = 'abc123', now = clock.now(), request = await requestOf(node) } = more;
    const answer = joining.join(token, { node, request, now });
    // It may look for an approval that does not come: its time passes, when all that is to happen has happened.
    let isOver = false;
    void answer.finally(() => (isOver = true)).catch(() => undefined);
    for (let i = 0; !isOver; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (i % 20 === 19) clock.advance(50);
    }
    return answer;
  };
  const decide = async (type: string): Promise<void> => {
    const [open] = plane.reads.projection.list(certificateSigningRequests).filter(({ status }) => !status?.conditions);
    const conditions = [{ type, status: 'True', reason: 'Test', message: 'by hand' }];
    const { name } = open?.metadata ?? { name: '' };
    const create = testCreate('certificates.k8s.io.certificatesigningrequests', { metadata: { name } });
    await writer.submit({
      ...create,
      actor: { name: 'admin', groups: ['system:masters'] },
      ...{ verb: 'patch', patchType: 'merge', name, subresource: 'approval', body: { status: { conditions } } },
    });
  };

  it('waits until its request is approved, and then gets the credential of its node, again and again', async () => {
    const request = await requestOf('n1');
    const waiting = await ask('n1', { request });
    expect(waiting).toMatchObject({ is: 'waiting' });
    const [made] = plane.reads.projection.list(certificateSigningRequests);
    expect(made?.spec).toMatchObject({ signerName: NODE_BUS_SIGNER, username: USER.name, request });
    await decide(APPROVED);
    const admitted = { is: 'admitted', ca: 'the CA', inbox: 'node.n1.inbox' };
    expect(await ask('n1', { request })).toMatchObject(admitted);
    expect(await ask('n1', { request })).toMatchObject(admitted);
    expect(plane.reads.projection.list(certificateSigningRequests)).toHaveLength(1);
    // The name is that key's now.
    expect(await ask('n1')).toEqual({ is: 'refused', why: expect.stringContaining('There is a node n1 already.') });
  });

  it('is refused when its request is denied', async () => {
    const request = await requestOf('n1');
    await ask('n1', { request });
    await decide(DENIED);
    expect(await ask('n1', { request })).toMatchObject({
      is: 'refused',
      why: expect.stringContaining('was denied: by hand.'),
    });
  });

  it('is refused without a good token, a good name, the right time or a request of its own', async () => {
    const why = async (node: string, more: Parameters<typeof ask>[1] = {}): Promise<string> => {
      const answer = await ask(node, more);
      return answer.is === 'refused' ? answer.why : answer.is;
    };
    const ended = clock.now() - 5_000;
    tokens['xyz789'] = { user: USER, expires: ended };
    expect(await why('n1', { token: 'zzz999' })).toContain('The token zzz999 was removed.');
    expect(await why('n1', { token: 'xyz789' })).toContain(`The token xyz789 has ended at ${toTime(ended)}.`);
    expect(await why('N_1')).toContain('"N_1" cannot be the name of a node');
    expect(await why('x'.repeat(64))).toContain('cannot be the name of a node');
    expect(await why('n1', { now: clock.now() - 61_000 })).toMatch(
      /^The clock of this machine says .+Z, and that of the control plane .+Z: set it/,
    );
    expect(await why('n2', { request: await requestOf('n1') })).toBe(
      'The request is not one of a node with the name n2.',
    );
    expect(await why('n1', { request: 'nonsense' })).toBe('The request is not one of a node with the name n1.');
    expect(plane.reads.projection.list(certificateSigningRequests)).toEqual([]);
  });

  it('may not have the name of a node that came here in another way', async () => {
    await writer.submit(testCreate('core.nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } }));
    expect(await ask('n1')).toMatchObject({
      is: 'refused',
      why: expect.stringContaining('remove it on the control plane'),
    });
  });

  it('lets a removed node join again, but not one that was revoked', async () => {
    const join = async (): Promise<JoinAnswer> => {
      const request = await requestOf('n1');
      await ask('n1', { request });
      await decide(APPROVED);
      return ask('n1', { request });
    };
    expect((await join()).is).toBe('admitted');
    admission.remove('n1');
    expect(admission.isRevoked('n1')).toBe(true);
    expect(admission.revoked()).toEqual([]);
    expect((await join()).is).toBe('admitted');
    expect(admission.isRevoked('n1')).toBe(false);
    admission.revoke('n1');
    expect(await join()).toEqual({ is: 'refused', why: expect.stringContaining('the node n1 is revoked') });
    expect(admission.revoked()).toEqual(['n1']);
  });

  it('is not let in again by what was approved before it was removed', async () => {
    const request = await requestOf('n1');
    await ask('n1', { request });
    await decide(APPROVED);
    expect((await ask('n1', { request })).is).toBe('admitted');
    admission.remove('n1');
    expect(await ask('n1', { request })).toEqual({ is: 'refused', why: expect.stringContaining('was revoked') });
    expect(admission.isRevoked('n1')).toBe(true);
  });

  it.each([
    ['to another signer', 'example.com/signer', USER],
    ['of another user', NODE_BUS_SIGNER, { name: 'ann', groups: ['system:masters'] }],
  ])('is not admitted by an approval of a request %s with its name', async (_what, signerName, actor) => {
    const request = await requestOf('n1');
    const name = `node-bus-${uuidOf(request)}`;
    const body = {
      ...{ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name } },
      spec: { request, signerName, usages: ['client auth', 'digital signature'] },
    };
    const made = await writer.submit({ ...testCreate(certificateSigningRequests.id, body), name, actor });
    expect(isRefusal(made)).toBe(false);
    await decide(APPROVED);
    expect(await ask('n1', { request })).toEqual({
      is: 'refused',
      why: 'A request of this name is of another machine.',
    });
    expect(admission.keysOf('n1')).toEqual([]);
  });

  it('has a key that the bus takes, whatever library made the request', () => {
    expect(busKeyOf('bm9uc2Vuc2U=')).toBeUndefined();
    expect(busKeyOf(`MCowBQYDK2VwAyEA${'A'.repeat(43)}=`)).toMatch(/^U[A-Z2-7]{55}$/);
  });
});
