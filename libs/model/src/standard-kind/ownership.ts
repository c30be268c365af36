import type { KubeObject } from '../kube-object.js';
import type { Request } from './request.js';

/** Who owns which field, after a creation. */
export function trackCreate(_request: Request, object: KubeObject): KubeObject {
  return object;
}
export function trackUpdate(_request: Request, object: KubeObject, _old: KubeObject): KubeObject {
  return object;
}
