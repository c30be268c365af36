import { horizontalPodAutoscalers, type HorizontalPodAutoscaler } from '#kinds';
import { groupOf } from '#meta';
import type { KubeObject, ObjectIndex, View } from '#model';

/** Autoscalers by the object that they scale. */
export const autoscalersByTarget: ObjectIndex<HorizontalPodAutoscaler> = {
  name: 'autoscalers by target',
  kind: horizontalPodAutoscalers,
  values: ({ metadata: { namespace }, spec }) => {
    const { apiVersion = '', kind, name } = spec.scaleTargetRef;
    return [targetValue(namespace, { group: groupOf(apiVersion), kind, name })];
  },
  part: ({ spec }) => spec.scaleTargetRef,
};
function targetValue(
  namespace: string | undefined,
  { group, kind, name }: { readonly group: string; readonly kind: string; readonly name: string },
): string {
  return `${namespace ?? ''}/${group}/${kind}/${name}`;
}

export function scaledBy(view: View, { apiVersion, kind, metadata }: KubeObject): readonly HorizontalPodAutoscaler[] {
  const { namespace, name } = metadata;
  return view.by(autoscalersByTarget, targetValue(namespace, { group: groupOf(apiVersion), kind, name }));
}
