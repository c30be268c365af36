import type { Change, View } from './view.js';

/**
 * Data that a loop derives from a view and keeps between looks, or a kind between commands, because it costs too much to derive
 * for each one. It is a cache and nothing else: what is decided is the same on a view that is followed, on a past one, and on
 * one of a test.
 */
export interface Picture {
  /** From now on, {@link changed} is called with every change that this view folds. */
  follow(view: View): void;
  /** Takes what a followed view has folded since the last call, in order. */
  changed(view: View, changes: readonly Change[]): void;
  /** Drops what was derived from this view. */
  leave(view: View): void;
}

export interface PictureRules<P> {
  /** Derives the data from a whole view. */
  build(view: View): P;
  /** Brings the data up to date: afterwards it equals what `build` gives. `view` may have folded later changes already. */
  apply(picture: P, change: Change, view: View): void;
}

/** Keeps one `P` for each followed view, built at its first use. */
export class KeptPicture<P> implements Picture {
  private readonly kept = new WeakMap<View, { picture: P | undefined }>();

  constructor(private readonly rules: PictureRules<P>) {}

  follow(view: View): void {
    this.kept.set(view, { picture: undefined });
  }
  changed(view: View, changes: readonly Change[]): void {
    const picture = this.kept.get(view)?.picture;
    if (picture !== undefined) for (const change of changes) this.rules.apply(picture, change, view);
  }
  leave(view: View): void {
    this.kept.delete(view);
  }

  /** The data of this view. `isKept` is false when it was built for this call only. */
  of(view: View): { readonly picture: P; readonly isKept: boolean } {
    const followed = this.kept.get(view);
    if (followed === undefined) return { picture: this.rules.build(view), isKept: false };
    return { picture: (followed.picture ??= this.rules.build(view)), isKept: true };
  }
}
