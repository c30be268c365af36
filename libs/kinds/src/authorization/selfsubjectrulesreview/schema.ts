import { boolean, f, type Infer, list, object, req, string, objectMeta } from '#model';
import type { Stored } from '#model';

const ATOMIC = { listType: 'atomic' } as const;

export const resourceRule = object('io.k8s.api.authorization.v1.ResourceRule', 'What may be done with resources.', {
  verbs: req(list(string), 1, 'What may be done; * for anything.', ATOMIC),
  apiGroups: f(list(string), 2, 'API groups of the resources; * for all.', ATOMIC),
  resources: f(list(string), 3, 'The resources; * for all.', ATOMIC),
  resourceNames: f(list(string), 4, 'Names of the objects; none for all.', ATOMIC),
});
export type ResourceRule = Infer<typeof resourceRule>;

export const nonResourceRule = object('io.k8s.api.authorization.v1.NonResourceRule', 'What may be done with paths.', {
  verbs: req(list(string), 1, 'HTTP methods in small letters; * for all.', ATOMIC),
  nonResourceURLs: f(list(string), 2, 'The paths; a * at the end stands for whatever follows.', ATOMIC),
});
export type NonResourceRule = Infer<typeof nonResourceRule>;

export const subjectRulesReviewStatus = object(
  'io.k8s.api.authorization.v1.SubjectRulesReviewStatus',
  'What may be done, as far as it can be listed.',
  {
    resourceRules: req(list(resourceRule), 1, 'Rules about resources.', { ...ATOMIC, always: null }),
    nonResourceRules: req(list(nonResourceRule), 2, 'Rules about paths.', { ...ATOMIC, always: null }),
    incomplete: req(boolean, 3, 'Whether there may be more than is listed.', { default: false }),
    evaluationError: f(string, 4, 'What went wrong on the way.'),
  },
);
export type SubjectRulesReviewStatus = Infer<typeof subjectRulesReviewStatus>;

export const selfSubjectRulesReviewSpec = object(
  'io.k8s.api.authorization.v1.SelfSubjectRulesReviewSpec',
  'Where the rules are to be listed.',
  { namespace: f(string, 1, 'Namespace whose rules are asked for.') },
);

export const selfSubjectRulesReview = object(
  'io.k8s.api.authorization.v1.SelfSubjectRulesReview',
  'Asks what the sender may do in a namespace.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Not looked at.', { always: {} }),
    spec: req(selfSubjectRulesReviewSpec, 2, 'Where.', { always: {} }),
    status: f(subjectRulesReviewStatus, 3, 'The answer.', { always: {} }),
  },
  { gvk: ['authorization.k8s.io/v1 SelfSubjectRulesReview'] },
);
export type SelfSubjectRulesReview = Stored<typeof selfSubjectRulesReview>;
