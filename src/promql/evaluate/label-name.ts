/** Whether a text may name a label: any UTF-8 but the empty text. Bytes that are none were replaced when the query was read. */
export const isLabelName = (text: string): boolean => text !== '' && !/[\p{Surrogate}\uFFFD]/u.test(text);
