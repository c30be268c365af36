/** What of a pod nobody can own by a write of the pod itself or of one of its subresources. */
export const unownedOfPod: Readonly<Record<string, readonly (readonly string[])[]>> = {
  '': [['status']],
  status: [['spec'], ['metadata', 'ownerReferences']],
  // Whoever writes to these owns even what the write does not change of the pod, as on the genuine server.
  ephemeralcontainers: [],
  resize: [],
};
