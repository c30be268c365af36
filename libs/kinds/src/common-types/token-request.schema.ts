import { f, type Infer, int64, list, named, object, req, string, time, objectMeta } from '#model';
import type { Stored } from '#model';

export const boundObjectReference = object(
  'io.k8s.api.authentication.v1.BoundObjectReference',
  'An object that a token lives and dies with.',
  {
    kind: f(string, 1, 'Kind of the object: Pod, Node or Secret.'),
    apiVersion: f(string, 2, 'Group and version of the object.'),
    name: f(string, 3, 'Name of the object.'),
    uid: f(named('types.UID'), 4, 'UID of the object.'),
  },
);
export type BoundObjectReference = Infer<typeof boundObjectReference>;

export const tokenRequestSpec = object(
  'io.k8s.api.authentication.v1.TokenRequestSpec',
  'What a token is to be good for.',
  {
    audiences: req(list(string), 1, 'For whom the token is.', { listType: 'atomic', always: null }),
    expirationSeconds: f(int64, 4, 'How long the token is to live; the answer may say otherwise.', {
      fill: 3600,
      always: null,
      pointer: true,
    }),
    boundObjectRef: f(boundObjectReference, 3, 'Object that the token dies with.', { always: null }),
  },
);
export type TokenRequestSpec = Infer<typeof tokenRequestSpec>;

export const tokenRequestStatus = object('io.k8s.api.authentication.v1.TokenRequestStatus', 'The token.', {
  token: req(string, 1, 'The token itself.'),
  expirationTimestamp: req(time, 2, 'When the token ends.', { always: null }),
});
export type TokenRequestStatus = Infer<typeof tokenRequestStatus>;

export const tokenRequest = object(
  'io.k8s.api.authentication.v1.TokenRequest',
  'Asks for a token of a service account.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: req(tokenRequestSpec, 2, 'What the token is to be good for.', { always: {} }),
    status: f(tokenRequestStatus, 3, 'The token.', { always: {} }),
  },
  { gvk: ['authentication.k8s.io/v1 TokenRequest'] },
);
export type TokenRequest = Stored<typeof tokenRequest>;
