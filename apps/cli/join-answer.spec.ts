import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { caHash, MemoryKeyStore, NatsAuthority, newUserKey, openFileKeys, signingCa } from '#adapters';
import { agentPermissions } from '#engine';
import { uuidOf, type JsonObject } from '#std';
import { answerIn, type Asked } from './join-answer.js';

describe('the answer to a machine that joins', () => {
  const folders: string[] = [];
  let ca: string;
  let otherCa: string;
  let asked: Asked;
  let good: JsonObject & { readonly jwt: string };
  const expires = Math.floor(Date.now() / 1000) + 3_600;
  const credential = async (publicKey: string): Promise<string> => {
    const authority = await NatsAuthority.open(new MemoryKeyStore());
    return (await authority.issueUser('agent-n1', agentPermissions('n1'), { publicKey, expires })).jwt;
  };

  beforeAll(async () => {
    const caOf = async (): Promise<string> => {
      const folder = mkdtempSync(join(tmpdir(), 'shiplog-answer-'));
      folders.push(folder);
      return signingCa(await openFileKeys(folder));
    };
    ca = await caOf();
    otherCa = await caOf();
    const { publicKey } = newUserKey();
    asked = { node: 'n1', request: 'the request', publicKey, caHash: caHash(ca) };
    good = { is: 'admitted', jwt: await credential(publicKey), inbox: 'node.n1.inbox', ca, cluster: 'c-1' };
  });
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true });
  });

  it('counts when it is what the machine can know, and of its CAs the one of the hash is kept', () => {
    expect(answerIn(good, asked)).toEqual(good);
    expect(answerIn({ ...good, ca: `${otherCa}${ca}` }, asked)).toEqual(good);
  });

  it.each<[string, () => Promise<JsonObject> | JsonObject, string]>([
    ['brings another CA', () => ({ ca: otherCa }), 'none of its CAs has the hash sha256:'],
    ['brings no CA', () => ({ ca: '-----BEGIN CERTIFICATE-----AAAA-----END CERTIFICATE-----' }), 'none of its CAs'],
    [
      'has a key of somebody else',
      async () => ({ jwt: await credential(newUserKey().publicKey) }),
      'not one of the key',
    ],
    ['is signed by nobody', () => ({ jwt: `${good.jwt.slice(0, -20)}${'A'.repeat(20)}` }), 'not one of the key'],
    ['has no credential', () => ({ jwt: 'x.y.z' }), 'not one of the key'],
    ['leads answers elsewhere', () => ({ inbox: 'node.n2.inbox' }), 'it is not for this node'],
    ['names a cluster that is none', () => ({ cluster: '../x\n' }), 'it is not for this node'],
    ['lets another request be approved', () => ({ is: 'waiting', request: 'node-bus-1' }), 'of another machine'],
    ['is something else', () => ({ is: 'odd' }), 'does not understand'],
  ])('is refused when it %s', async (_what, parts, why) => {
    const answer = { ...good, ...(await parts()) };
    expect(() => answerIn(answer, asked)).toThrow(why);
  });

  it('may let the machine wait, or say why not, in one line', () => {
    const request = `node-bus-${uuidOf(asked.request)}`;
    expect(answerIn({ is: 'waiting', request }, asked)).toEqual({ is: 'waiting', request });
    expect(answerIn({ is: 'refused', why: 'No.\u001b[2J\nYes' }, asked)).toEqual({
      is: 'refused',
      why: 'No. [2J Yes',
    });
  });
});
