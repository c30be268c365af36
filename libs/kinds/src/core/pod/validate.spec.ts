import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decideCommand, isRefusal } from '#model';
import { testCommand, TestView, TEST_NOW } from '#model/testing';
import type { JsonObject } from '#std';
import { builtinKinds, createRegistry } from '../../index.js';

/** Pods with many things wrong, and what Kubernetes 1.35.4 itself says of each, in its order. */
interface Golden {
  readonly what: string;
  readonly spec: JsonObject;
  readonly annotations?: JsonObject;
  readonly problems: readonly string[];
}
const golden = JSON.parse(
  readFileSync(join(process.cwd(), 'libs/kinds/src/golden/pods.json'), 'utf8'),
) as readonly Golden[];

/** Without admission: what the kind itself says. */
const registry = createRegistry(builtinKinds, []);
const plain = { name: 'c', image: 'i' };
const home = new TestView(registry);
home.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n', uid: 'n' }, status: { phase: 'Active' } });

it.each(golden.map((example) => [example.what, example] as const))(
  'finds all that is wrong in the pod of %s',
  (_what, { spec, annotations = {}, problems }) => {
    const body = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', annotations },
      spec: { containers: [plain], ...spec },
    };
    const command = testCommand({ verb: 'create', kind: 'core.pods', namespace: 'n', body });
    const result = decideCommand(registry, command, home, { now: TEST_NOW, uid: 'u' });
    if (!isRefusal(result)) throw new Error('accepted');
    expect(result.details?.causes?.map(({ field, message }) => `${field}: ${message}`)).toEqual(problems);
  },
);
