import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decideCommand, isRefusal } from '#model';
import { testCommand, TestView, TEST_NOW } from '#model/testing';
import type { KubeObject } from '#model';
import { builtinKinds, createRegistry } from './index.js';

/** Objects with many things wrong, and what Kubernetes 1.35.4 itself says of each, in its order. */
interface Golden {
  readonly what: string;
  readonly op: 'create' | 'update' | 'status';
  readonly body: KubeObject;
  /** What it is a change of. */
  readonly old?: KubeObject;
  readonly problems: readonly string[];
  /** Where nothing is wrong. */
  readonly warnings?: readonly string[];
}
const golden = JSON.parse(
  readFileSync(join(process.cwd(), 'libs/kinds/src/golden/problems.json'), 'utf8'),
) as readonly Golden[];

/** Without admission: what the kinds themselves say. */
const registry = createRegistry(builtinKinds, []);

it.each(golden.map((example) => [example.what, example] as const))(
  'tells what Kubernetes tells of %s',
  (_what, { op, body, old, problems, warnings = [] }) => {
    const view = new TestView(registry);
    view.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n', uid: 'n' }, status: { phase: 'Active' } });
    if (old) view.put(old);
    const kind = registry.all.find(({ names }) => names.kind === body.kind);
    const command = testCommand({
      verb: op === 'create' ? 'create' : 'update',
      kind: kind?.id ?? '',
      ...(kind?.names.namespaced && { namespace: 'n' }),
      ...(op !== 'create' && { name: 'o' }),
      ...(op === 'status' && { subresource: 'status' }),
      body: body as never,
    });
    const result = decideCommand(registry, command, view, { now: TEST_NOW, uid: 'u' });
    const found = isRefusal(result) ? result.details?.causes?.map(({ field, message }) => `${field}: ${message}`) : [];
    expect(found ?? result).toEqual(problems);
    if (problems.length === 0) expect(result).toHaveProperty('warnings', warnings);
  },
);
