"""Work in processes of this machine or on a cluster, behind one seam: an executor of `concurrent.futures`."""
