import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { registry } from '#kinds';

/**
 * What others need of a kind, the kind says: its streams, its roles, its sealed paths. So no folder but those of the kinds and
 * the loops names a kind in a string, neither by id (`core.pods`) nor by plural or Kind. Other libs import the reference (`pods`
 * of `#kinds`), or ask the registry. Specs and their helpers write what clients write, and are left out.
 */
const FREE = /^libs\/(pod|kinds|loops|node-gateway)\//;
/** As `NO_SPEC` of .dependency-cruiser.cjs. */
const SPEC = /\.(spec|contract)\.ts$|\/testing\/|\/testing\.ts$|\/test-[^/]+\.ts$/;

interface Exception {
  readonly file: string;
  readonly texts: readonly string[];
  readonly why: string;
}
const CLIENT = 'a client of the simulated world: it writes manifests as people do';
const EXCEPTIONS: readonly Exception[] = [
  { file: 'apps/health/query.controller.ts', texts: ['leases'], why: 'the subject query.health.leases' },
  {
    file: 'apps/scaler/metrics.controller.ts',
    texts: ['pods', 'nodes'],
    why: 'the subjects query.scaler.pods and nodes',
  },
  { file: 'libs/nest/src/payloads.ts', texts: ['pods', 'nodes'], why: 'a field of a question for figures' },
  { file: 'libs/scaler/src/attention.ts', texts: ['pods'], why: 'a field of an answer with figures' },
  { file: 'libs/scaler/src/usage-store.ts', texts: ['nodes'], why: 'a field of a question for figures' },
  {
    file: 'libs/model/src/measurements/metrics-query.ts',
    texts: ['pods', 'nodes'],
    why: 'a field of a question for figures',
  },
  { file: 'libs/agent/src/agent-state.ts', texts: ['pods'], why: 'a field of the agent’s own file' },
  { file: 'libs/agent/src/pod-rejection.ts', texts: ['pods'], why: 'the resource `pods` of a node’s capacity' },
  { file: 'libs/agent/src/pull-records.ts', texts: ['secrets'], why: 'a field of the agent’s own file' },
  { file: 'libs/adapters/src/pod-volumes/file-pod-volumes.ts', texts: ['pods'], why: 'a folder on disk' },
  { file: 'libs/engine/src/codec.ts', texts: ['events'], why: 'a field of Kind' },
  {
    file: 'libs/http/src/request-info.ts',
    texts: ['namespaces'],
    why: 'grammar of the URL of any namespaced resource',
  },
  { file: 'libs/http/src/routes.ts', texts: ['namespaces'], why: 'grammar of the URL of any namespaced resource' },
  { file: 'libs/http/src/audit/event.ts', texts: ['Event'], why: 'Event of audit.k8s.io/v1, which is no resource' },
  { file: 'libs/http/src/audit/policy.ts', texts: ['namespaces'], why: 'a field of an audit policy' },
  { file: 'libs/nest/src/key-upkeep.ts', texts: ['Event'], why: 'Event of audit.k8s.io/v1, which is no resource' },
  {
    file: 'libs/meta/src/object-meta.ts',
    texts: ['Event'],
    why: 'an owner reference to v1 Event is refused whatever kinds there are',
  },
  { file: 'libs/sim/src/slot.ts', texts: ['roles'], why: 'a field of a process, not RBAC' },
  {
    file: 'libs/sim/src/autoscaling.ts',
    texts: ['HorizontalPodAutoscaler', 'Deployment', 'Service'],
    why: CLIENT,
  },
  { file: 'libs/sim/src/ledger.ts', texts: ['ConfigMap'], why: CLIENT },
  { file: 'libs/sim/src/reopening.ts', texts: ['ConfigMap'], why: CLIENT },
  {
    file: 'libs/sim/src/wishes.ts',
    texts: ['Deployment', 'Pod', 'Service', 'Namespace', 'ConfigMap', 'Secret'],
    why: CLIENT,
  },
  { file: 'apps/cli/program.ts', texts: ['secrets'], why: 'the name of a command of the CLI' },
  { file: 'apps/cli/top.ts', texts: ['nodes', 'pods'], why: 'what people type, and paths of the API' },
];

const root = join(import.meta.dirname, '../..');
const files = ['libs', 'apps'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path}`)
    .filter((path) => path.endsWith('.ts') && !FREE.test(path) && !SPEC.test(path)),
);
const found = files.flatMap((file) =>
  namesIn(file, readFileSync(join(root, file), 'utf8')).map((name) => ({ file, ...name })),
);
const isExcepted = ({ file, text }: { readonly file: string; readonly text: string }): boolean =>
  EXCEPTIONS.some((exception) => exception.file === file && exception.texts.includes(text));

describe('names of kinds', () => {
  it('are in strings of libs/pod, libs/kinds, libs/loops and libs/node-gateway only', () => {
    expect(files.length).toBeGreaterThan(300);
    const wrong = found.filter((name) => !isExcepted(name));
    expect(wrong.map(({ file, line, text }) => `${file}:${line} '${text}'`)).toEqual([]);
  });
  it('have no exception that nothing needs any more', () => {
    const unused = EXCEPTIONS.flatMap(({ file, texts }) =>
      texts
        .filter((text) => !found.some((name) => name.file === file && name.text === text))
        .map((text) => [file, text]),
    );
    expect(unused).toEqual([]);
  });
  it('are found as ids, streams, plurals and Kinds, in literals and in templates', () => {
    const source = [
      "kindRef('core.pods'); const id: 'core.nodes' = x;",
      'stream.startsWith(`core.secrets/${namespace}`); const a = `apps.deployments`;',
      "if (kind === 'Pod' || plural === 'services') return;",
      "import { pods } from './pods'; // 'Node'",
      "say('pods are here', 'podium');",
    ].join('\n');
    expect(namesIn('x.ts', source)).toEqual([
      { line: 1, text: 'core.pods' },
      { line: 1, text: 'core.nodes' },
      { line: 2, text: 'core.secrets/' },
      { line: 2, text: 'apps.deployments' },
      { line: 3, text: 'Pod' },
      { line: 3, text: 'services' },
    ]);
  });
});

function namesIn(file: string, text: string): readonly { readonly line: number; readonly text: string }[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  const names: { line: number; text: string }[] = [];
  const visit = (node: ts.Node): void => {
    const isText = ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node);
    if (isText && namesKind(node.text)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      names.push({ line: line + 1, text: node.text });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}
function namesKind(text: string): boolean {
  return registry.all.some(({ id, names }) => text === names.kind || text === names.plural || idIn(text, id));
}
/** The id itself, or a stream or message with it: not `apps.deployments` in `myapps.deploymentsets`. */
function idIn(text: string, id: string): boolean {
  const at = text.indexOf(id);
  return at >= 0 && !/[\w.-]/.test(text[at - 1] ?? '') && !/[\w.-]/.test(text[at + id.length] ?? '');
}
