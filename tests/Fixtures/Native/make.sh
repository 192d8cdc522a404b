#!/bin/sh
# Makes the two libraries that lie here, for linux-x64; they need nothing, not even the C library. Run it in this folder.
for version in 1 2; do
    mkdir -p "v$version"
    cc -DVERSION=$version -shared -fPIC -Os -nostdlib -s -Wl,--build-id=none -Wl,-z,noseparate-code -Wl,-soname,libfixture.so -o "v$version/libfixture.so" counter.c
done
