import type { View } from '#model';
import { PLAIN_JSON } from './negotiate.js';
import type { Answer } from './answer.js';
import type { RequestInfo } from './request-info.js';

const GROUP = 'apiextensions.k8s.io';

/**
 * The list of custom kinds, of which this server has none. kubectl asks for it when it meets a kind that it does not find:
 * an empty list makes it say so, a 404 makes it say that the list could not be read.
 */
export function customKinds(info: RequestInfo, view: View): Answer | undefined {
  const { group, version, resource, name, verb, method } = info;
  const isList = verb === 'list' && method === 'GET' && name === '';
  if (!isList || group !== GROUP || version !== 'v1' || resource !== 'customresourcedefinitions') return undefined;
  const list = {
    kind: 'CustomResourceDefinitionList',
    apiVersion: `${GROUP}/${version}`,
    metadata: { resourceVersion: String(view.position) },
    items: [],
  };
  return { code: 200, json: JSON.stringify(list), form: PLAIN_JSON };
}
