import {
  boolean,
  f,
  type Infer,
  list,
  map,
  object,
  req,
  string,
  fieldSelectorRequirement,
  labelSelectorRequirement,
} from '#model';

export const fieldSelectorAttributes = object(
  'io.k8s.api.authorization.v1.FieldSelectorAttributes',
  'Which fields limit a list, a watch or a deletion of many.',
  {
    rawSelector: f(string, 1, 'The selector as it stands in a URL; not together with requirements.'),
    requirements: f(list(fieldSelectorRequirement), 2, 'The conditions one by one; all must hold.', {
      listType: 'atomic',
    }),
  },
);

export const labelSelectorAttributes = object(
  'io.k8s.api.authorization.v1.LabelSelectorAttributes',
  'Which labels limit a list, a watch or a deletion of many.',
  {
    rawSelector: f(string, 1, 'The selector as it stands in a URL; not together with requirements.'),
    requirements: f(list(labelSelectorRequirement), 2, 'The conditions one by one; all must hold.', {
      listType: 'atomic',
    }),
  },
);

export const resourceAttributes = object(
  'io.k8s.api.authorization.v1.ResourceAttributes',
  'A request about a resource.',
  {
    namespace: f(string, 1, 'Where the object is; empty for the whole cluster.'),
    verb: f(string, 2, 'What is to be done: get, list, create …; * for anything.'),
    group: f(string, 3, 'API group of the resource; * for all.'),
    version: f(string, 4, 'API version of the resource; * for all.'),
    resource: f(string, 5, 'Which resource, in the plural; * for all.'),
    subresource: f(string, 6, 'Which part of it, where not the object itself is meant.'),
    name: f(string, 7, 'Which object; empty for all.'),
    fieldSelector: f(fieldSelectorAttributes, 8, 'Fields that limit what is asked for.'),
    labelSelector: f(labelSelectorAttributes, 9, 'Labels that limit what is asked for.'),
  },
);
export type ResourceAttributes = Infer<typeof resourceAttributes>;

export const nonResourceAttributes = object(
  'io.k8s.api.authorization.v1.NonResourceAttributes',
  'A request for a path that is no resource.',
  {
    path: f(string, 1, 'The path.'),
    verb: f(string, 2, 'HTTP method in small letters.'),
  },
);
export type NonResourceAttributes = Infer<typeof nonResourceAttributes>;

export const subjectAccessReviewSpec = object(
  'io.k8s.api.authorization.v1.SubjectAccessReviewSpec',
  'Who wants to do what.',
  {
    resourceAttributes: f(resourceAttributes, 1, 'What is asked of a resource; not together with a path.'),
    nonResourceAttributes: f(nonResourceAttributes, 2, 'What is asked of a path; not together with a resource.'),
    user: f(string, 3, 'Name of the user. Without groups it stands for nobody else.'),
    groups: f(list(string), 4, 'Groups of the user; nothing is added to them.', { listType: 'atomic' }),
    extra: f(map(list(string)), 5, 'What else authentication knows of the user.'),
    uid: f(string, 6, 'Identity of the user.'),
  },
);
export type SubjectAccessReviewSpec = Infer<typeof subjectAccessReviewSpec>;

export const subjectAccessReviewStatus = object(
  'io.k8s.api.authorization.v1.SubjectAccessReviewStatus',
  'Whether it is allowed.',
  {
    allowed: req(boolean, 1, 'Whether it may be done.', { default: false }),
    denied: f(boolean, 4, 'Whether it was forbidden, and not only allowed by nobody.'),
    reason: f(string, 2, 'Why it is allowed or not.'),
    evaluationError: f(string, 3, 'What could not be understood on the way to the answer.'),
  },
);
export type SubjectAccessReviewStatus = Infer<typeof subjectAccessReviewStatus>;
