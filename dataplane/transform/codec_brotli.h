// Brotli's two numbers that others need: its window, and why 6 is its default quality.
#pragma once

// Quality 6 by default: it packs to about 87 % of quality 11's ratio (86-88 % at 64 KiB and 1 MiB)
// at 49-83 times its speed, so nobody should have to ask for it. Quality 5 is 1.1-1.2 times as fast
// for 98-99 % of the ratio of 6. Qualities 10 and 11 are not offered: a record of 64 KiB takes them
// 70 ms and more, in which its worker would serve no other session.
#define BROTLI_QUALITY_DEFAULT 6
#define BROTLI_QUALITY_TOP     9

// log2 of the window: a record is all that there is to look back at.
#define BROTLI_WINDOW_BITS 16

// What one encoder or decoder may take out of the workspace, bytes; nothing is given back before
// the record is done. Measured with 1.0.9: at most 2.6 MB for quality 9, 163 kB to decode. A
// stream that makes the decoder want more (a larger window, 16 MiB by its format) is refused.
#define BROTLI_ARENA_SIZE (4u << 20)
