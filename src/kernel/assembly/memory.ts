/** Memory for what JavaScript puts in. */
export function allocate(bytes: u32): usize {
  return heap.alloc(bytes);
}

export function release(address: usize): void {
  heap.free(address);
}
