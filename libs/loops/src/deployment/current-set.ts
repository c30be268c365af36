import { deployments, replicaSets, type Deployment, type DeploymentStatus, type ReplicaSet } from '#kinds';
import { controllerRef, findCondition } from '#meta';
import type { Decision, Submit } from '#model';
import { parseInstant, type Json } from '#std';
import {
  childUid,
  create,
  elapsedSince,
  incident,
  mergeDiff,
  patch,
  reportStatus,
  streamOfObject,
  type Manifest,
  type Reason,
} from '../shared/index.js';
import {
  inherited,
  nextRevision,
  replicaAnnotations,
  REVISION,
  revisionAnnotations,
  revisionOf,
} from './annotations.js';
import { afterCreation, afterFinding, afterRefusal, CREATE_ERROR } from './conditions.js';
import { roomOf, type Situation } from './situation.js';
import { HASH_LABEL, templateHash } from './template.js';

/** What has to be done before pods are moved: the set of the present template made, or brought up to date. */
export function currentSet(situation: Situation): readonly Decision[] | undefined {
  const { current } = situation;
  return current ? refresh(situation, current) : make(situation);
}

function refresh(situation: Situation, current: ReplicaSet): readonly Decision[] | undefined {
  const { deployment, old } = situation;
  const had = current.metadata.annotations;
  const annotations = mergeDiff(had, {
    ...had,
    ...inherited(deployment),
    ...revisionAnnotations(current, nextRevision(old)),
  });
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  const slower = (current.spec.minReadySeconds ?? 0) !== minReadySeconds;
  if (annotations || slower) {
    const body = { ...(annotations && { metadata: { annotations } }), ...(slower && { spec: { minReadySeconds } }) };
    const because = `${current.metadata.name} is the set of the present template`;
    return [patch(replicaSets, current, body, { because, basedOn: [streamOfObject(replicaSets, current)] })];
  }
  const revision = String(revisionOf(current));
  if (deployment.metadata.annotations?.[REVISION] === revision) return undefined;
  const basedOn = [streamOfObject(deployments, deployment)];
  return [begin(deployment, revision, afterFinding(situation, current), { basedOn })];
}

/** The revision is told together with the status, by which it does not count as a change of what is wanted. */
function begin(
  deployment: Deployment,
  revision: string,
  status: DeploymentStatus | undefined,
  options: Pick<Reason, 'basedOn'> = {},
): Submit {
  const diff = status && mergeDiff(deployment.status, status);
  const body = { metadata: { annotations: { [REVISION]: revision } }, ...(diff && { status: diff }) };
  return patch(deployments, deployment, body, {
    subresource: 'status',
    because: `revision ${revision} is the present template`,
    ...options,
  });
}

function make(situation: Situation): readonly Decision[] {
  const { view, deployment, now, old } = situation;
  const { namespace } = deployment.metadata;
  const collisionCount = deployment.status?.collisionCount ?? 0;
  const hash = templateHash(deployment.spec.template, collisionCount);
  const set = setOf(situation, hash);
  const { name } = set.metadata;
  if (view.get(replicaSets, namespace, name)) {
    const status = { ...deployment.status, collisionCount: collisionCount + 1 };
    return reportStatus(deployments, deployment, status, { because: `another set is named ${name}` });
  }
  const complaint = complain(situation, name);
  if (complaint.length > 0) return complaint;
  const revision = String(nextRevision(old));
  const replicas = initialReplicas(situation);
  const scaled = incident(view, now, {
    about: deployment,
    type: 'Normal',
    reason: 'ScalingReplicaSet',
    message: `Scaled up replica set ${name} from 0 to ${replicas}`,
    component: 'deployment-controller',
    eachTime: true,
  });
  const follow = [...(replicas > 0 ? scaled : []), begin(deployment, revision, afterCreation(situation, name))];
  return [
    create(replicaSets, set, {
      because: 'no set has the present template',
      basedOn: [streamOfObject(deployments, deployment), ...old.map((one) => streamOfObject(replicaSets, one))],
      then: follow,
    }),
  ];
}

/** A refusal is tried again at first after so long, and then each time after as long as it has lasted. */
const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 300_000;

/** Says that the set was refused; then it is tried again. */
function complain(situation: Situation, name: string): readonly Decision[] {
  const { view, deployment, now, refusals } = situation;
  const refusal = refusals.find(({ kind, verb }) => kind === replicaSets.id && verb === 'create');
  if (!refusal) return [];
  const message = `Failed to create new replica set "${name}": ${refusal.message}`;
  const told = incident(view, now, {
    about: deployment,
    type: 'Warning',
    reason: CREATE_ERROR,
    message,
    component: 'deployment-controller',
  });
  const said = findCondition(deployment.status?.conditions, 'Progressing');
  const since = said?.reason === CREATE_ERROR ? parseInstant(said.lastTransitionTime) : undefined;
  const lastsMs = since === undefined ? 0 : elapsedSince(since, now, situation.outside);
  const again = now + Math.min(Math.max(RETRY_FIRST_MS, lastsMs), RETRY_MAX_MS);
  return [
    ...reportStatus(deployments, deployment, afterRefusal(situation, message), { because: message }),
    ...told,
    { is: 'wake', at: again },
  ];
}

/** A new set begins with as many pods as the surge leaves room for. */
function initialReplicas(situation: Situation): number {
  const { deployment, bounds } = situation;
  return deployment.spec.strategy?.type === 'Recreate' ? bounds.wanted : Math.min(bounds.wanted, roomOf(situation));
}

function setOf(situation: Situation, hash: string): Manifest {
  const { deployment, view, old } = situation;
  const { metadata, spec } = deployment;
  const labels = { ...spec.template.metadata?.labels, [HASH_LABEL]: hash };
  const annotations = {
    ...inherited(deployment),
    ...replicaAnnotations(deployment),
    [REVISION]: String(nextRevision(old)),
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${metadata.name}-${hash}`,
      uid: childUid(metadata.uid, view.childrenEver(metadata.uid)),
      ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
      labels,
      annotations,
      ownerReferences: [controllerRef(deployment)],
    },
    spec: {
      replicas: initialReplicas(situation),
      ...(spec.minReadySeconds ? { minReadySeconds: spec.minReadySeconds } : {}),
      selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [HASH_LABEL]: hash } },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    } as unknown as Json,
  };
}
