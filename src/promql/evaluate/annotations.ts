/**
 * Remarks on a query's result: warnings where values were left out or are likely wrong, infos where they may not be what was
 * meant. Each says where in the query it came up. The same remark from several steps or series is made once.
 * Source: Prometheus, util/annotations.
 */
import type { SourceRange } from '../ast.js';
import { positionOf } from '../parse/promql-error.js';
import { type AnnotationDetail, detailText, mergeDetails } from './annotation-detail.js';

export type AnnotationLevel = 'warning' | 'info';

export interface Annotation {
  readonly level: AnnotationLevel;
  /** Remarks with the same text are one. */
  readonly text: string;
  readonly at: SourceRange;
  readonly detail: AnnotationDetail | undefined;
}

export interface Annotations {
  readonly add: (annotation: Annotation) => void;
  readonly list: () => readonly Annotation[];
}

export function createAnnotations(): Annotations {
  const byText = new Map<string, Annotation>();
  return {
    add(annotation) {
      const before = byText.get(annotation.text);
      const { text, detail } = annotation;
      // What gathers details stays where it came up first, any other remark moves to where it came up last.
      const merged =
        before?.detail !== undefined && detail !== undefined
          ? { ...before, detail: mergeDetails(before.detail, detail) }
          : annotation;
      byText.set(text, merged);
    },
    list: () => [...byText.values()],
  };
}

/** A remark as the API shows it, with line and column in the query, both from 1. */
export function annotationText({ text, detail, at }: Annotation, query: string): string {
  return `${text}${detail === undefined ? '' : detailText(detail)} (${positionOf(query, at.from)})`;
}
