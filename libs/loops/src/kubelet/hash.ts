import type { Container } from '#pod';
import { hash128 } from '#std';

/** What a running container cannot change: with another hash it is made anew. Only the image can change in a pod's spec. */
export function specHashOf(container: Container): string {
  return hash128(`${container.name}\n${container.image ?? ''}`).slice(0, 16);
}
