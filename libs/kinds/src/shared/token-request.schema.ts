import { f, type Infer, int64, list, object, req, string, time } from '#model';
import { objectMeta } from './meta.schema.js';
import type { Stored } from './stored.js';

export const boundObjectReference = object('io.k8s.api.authentication.v1.BoundObjectReference', '', {
  apiVersion: f(string, 2, ''),
  kind: f(string, 1, ''),
  name: f(string, 3, ''),
  uid: f(string, 4, ''),
});
export type BoundObjectReference = Infer<typeof boundObjectReference>;

export const tokenRequestSpec = object('io.k8s.api.authentication.v1.TokenRequestSpec', '', {
  audiences: req(list(string), 1, '', { listType: 'atomic', always: null }),
  boundObjectRef: f(boundObjectReference, 3, '', { always: null }),
  expirationSeconds: f(int64, 4, '', { fill: 3600, always: null, pointer: true }),
});
export type TokenRequestSpec = Infer<typeof tokenRequestSpec>;

export const tokenRequestStatus = object('io.k8s.api.authentication.v1.TokenRequestStatus', '', {
  expirationTimestamp: req(time, 2, '', { always: null }),
  token: req(string, 1, ''),
});
export type TokenRequestStatus = Infer<typeof tokenRequestStatus>;

export const tokenRequest = object(
  'io.k8s.api.authentication.v1.TokenRequest',
  '',
  {
    apiVersion: f(string, 0, ''),
    kind: f(string, 0, ''),
    metadata: f(objectMeta, 1, '', { always: {} }),
    spec: req(tokenRequestSpec, 2, '', { always: {} }),
    status: f(tokenRequestStatus, 3, '', { always: {} }),
  },
  { gvk: ['authentication.k8s.io/v1 TokenRequest'] },
);
export type TokenRequest = Stored<typeof tokenRequest>;
