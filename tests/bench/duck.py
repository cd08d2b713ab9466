"""Prints {query: [mean processor seconds, least wall seconds]} of DuckDB.
Arguments: folder of the tables, threads, memory limit, runs, query files."""
import glob
import json
import os
import resource
import sys
import time

import duckdb

data, threads, memory, runs, files = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5:]
db = duckdb.connect()
db.execute(f"SET threads = {threads}")
db.execute(f"SET memory_limit = '{memory}'")
for table in "region nation supplier customer part partsupp orders lineitem".split():
    one = os.path.join(data, table + ".parquet")
    pattern = one if os.path.isfile(one) else os.path.join(data, table, "**", "*.parquet")
    assert glob.glob(pattern, recursive=True), pattern
    db.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{pattern}')")


def cpu():
    u = resource.getrusage(resource.RUSAGE_SELF)
    return u.ru_utime + u.ru_stime


out = {}
for f in files:
    sql = open(f).read()
    db.execute(sql).fetchall()
    before, wall = cpu(), 1e9
    for _ in range(runs):
        begin = time.monotonic()
        db.execute(sql).fetchall()
        wall = min(wall, time.monotonic() - begin)
    out[os.path.basename(f)[:-4]] = [(cpu() - before) / runs, wall]
json.dump(out, sys.stdout)
