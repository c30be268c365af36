import { refusals, type Command, type KubeObject, type Refusal, type View } from '#model';
import { authorize } from '../access/authorizer.js';
import { nodeOf } from '../access/node-authorizer.js';
import { items } from '../validation/checks.js';

interface TokenSpec {
  readonly audiences?: readonly string[] | null;
  readonly boundObjectRef?: {
    readonly kind?: string;
    readonly apiVersion?: string;
    readonly name?: string;
    readonly uid?: string;
  } | null;
}
interface Volume {
  readonly projected?: { readonly sources?: readonly Source[] };
  readonly csi?: { readonly driver?: string };
}
interface Source {
  readonly serviceAccountToken?: { readonly audience?: string };
}
interface PodSpec {
  readonly nodeName?: string;
  readonly volumes?: readonly Volume[];
}

const pods = { id: 'core.pods' };
const drivers = { id: 'storage.k8s.io.csidrivers' };

/**
 * Why a node may not have a token that it asks for: it gets those that die with a pod on it, for one audience that a volume of
 * the pod names or that a role grants by `request-serviceaccounts-token-audience`. Undefined for everybody else.
 */
export function nodeTokenRefusal(command: Command, spec: TokenSpec, view: View): Refusal | undefined {
  const { actor, namespace = '', name } = command;
  const node = nodeOf(actor);
  if (node === undefined) return undefined;
  const forbidden = (why: string): Refusal =>
    refusals.forbidden({ group: '', resource: 'serviceaccounts', kind: '', name }, why);
  const { kind, apiVersion, name: pod, uid } = spec.boundObjectRef ?? {};
  if (kind !== 'Pod' || apiVersion !== 'v1' || !pod) return forbidden('node requested token not bound to a pod');
  if (!uid) return forbidden('node requested token with a pod binding without a uid');
  const object = view.get(pods, namespace, pod);
  if (object === undefined) return refusals.notFound({ group: '', resource: 'pod', kind: '', name: pod });
  if (object.metadata.uid !== uid)
    return forbidden(
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  const { nodeName } = object['spec'] as PodSpec;
  if (nodeName !== node) return forbidden('node requested token bound to a pod scheduled on a different node');
  if (items(spec.audiences).length > 1) return forbidden('node may only request 0 or 1 audiences');
  const audience = items(spec.audiences)[0] ?? '';
  if (audiencesOf(object, view).has(audience) || isGranted(command, audience, view)) return undefined;
  const what = `audience ${JSON.stringify(audience)} not found in pod spec volume`;
  return forbidden(`${what}, ${actor.name} is not authorized to request tokens for this audience`);
}

/** The audiences that volumes of a pod ask tokens for; '' stands for the server's own. */
function audiencesOf(pod: KubeObject, view: View): ReadonlySet<string> {
  const volumes = items((pod['spec'] as PodSpec).volumes);
  return new Set(
    volumes.flatMap(({ projected, csi }) => [
      ...items(projected?.sources).flatMap(({ serviceAccountToken: token }) => (token ? [token.audience ?? ''] : [])),
      ...(csi?.driver === undefined ? [] : driverAudiences(view, csi.driver)),
    ]),
  );
}
function driverAudiences(view: View, driver: string): readonly string[] {
  const spec = view.get<KubeObject>(drivers, undefined, driver)?.['spec'];
  const { tokenRequests } = (spec ?? {}) as { readonly tokenRequests?: readonly { readonly audience?: string }[] };
  return items(tokenRequests).map(({ audience = '' }) => audience);
}

function isGranted({ actor, namespace = '', name }: Command, audience: string, view: View): boolean {
  const asked = {
    ...{ verb: 'request-serviceaccounts-token-audience', isResource: true, path: '', group: '', version: 'v1' },
    ...{ resource: audience, subresource: '', namespace, name },
  };
  return audience !== '' && authorize(actor, asked, view).allowed;
}
