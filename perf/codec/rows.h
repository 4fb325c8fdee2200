// What a row of a codec is, for rows.c and levels.c.
#pragma once

#include "lib/ipc/names.h"
#include "perf/codec/scene.h"

#define CODEC_ROW(name, its_size, scene, task, where, how_rare) \
	{.id = name,                                            \
		.unit = "B/s",                                  \
		.amount = its_size,                             \
		.bytes = 1,                                     \
		.param = scene,                                 \
		.argument = task,                               \
		.rare = how_rare,                               \
		.pairs_max = (how_rare) ? 30 : 0,               \
		.location = where,                              \
		.open = scene_open,                             \
		.sample = scene_sample,                         \
		.close = scene_close},
// A row and its limit.
#define CODEC_PAIR(domain, name, size, scene, task, where, how_rare) \
	{.id = domain "/" name,                                      \
		.unit = "B/s",                                       \
		.limit = domain "/limit/" name,                      \
		.amount = size,                                      \
		.bytes = 1,                                          \
		.param = scene,                                      \
		.argument = task,                                    \
		.rare = how_rare,                                    \
		.pairs_max = (how_rare) ? 30 : 0,                    \
		.location = where,                                   \
		.open = scene_open,                                  \
		.sample = scene_sample,                              \
		.close = scene_close},                               \
		CODEC_ROW(                                           \
			domain "/limit/" name, size, scene, (task) | SCENE_LIMIT, NULL, how_rare)

#define CODEC_WAYS(codec, id, level, size_name, size, corpus_name, corpus, file, rare)        \
	CODEC_PAIR("codec", codec "/" #level "/" size_name "/" corpus_name "/encode", size,   \
		SCENE(id, level, corpus), 0, "dataplane/transform/" file ":" codec "_encode", \
		rare)                                                                         \
	CODEC_PAIR("codec", codec "/" #level "/" size_name "/" corpus_name "/decode", size,   \
		SCENE(id, level, corpus), SCENE_IN,                                           \
		"dataplane/transform/" file ":" codec "_decode", rare)
#define CODEC_CORPORA(codec, id, level, name, size, file, rare)                       \
	CODEC_WAYS(codec, id, level, name, size, "text", CORPUS_TEXT, file, rare)     \
	CODEC_WAYS(codec, id, level, name, size, "binary", CORPUS_BINARY, file, rare) \
	CODEC_WAYS(codec, id, level, name, size, "json", CORPUS_JSON, file, rare)     \
	CODEC_WAYS(codec, id, level, name, size, "zero", CORPUS_ZERO, file, rare)     \
	CODEC_WAYS(codec, id, level, name, size, "random", CORPUS_RANDOM, file, rare)
// All of a codec's rows at one level.
#define CODEC_LEVEL(codec, id, level, file, rare)                 \
	CODEC_CORPORA(codec, id, level, "512", 512, file, rare)   \
	CODEC_CORPORA(codec, id, level, "1350", 1350, file, rare) \
	CODEC_CORPORA(codec, id, level, "4K", 4096, file, rare)   \
	CODEC_CORPORA(codec, id, level, "16K", 16384, file, rare) \
	CODEC_CORPORA(codec, id, level, "64K", 65536, file, rare)
