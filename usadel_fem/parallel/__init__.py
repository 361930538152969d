"""Work spread over processes, threads, a Dask cluster or MPI ranks, whatever it is."""
