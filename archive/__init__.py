"""The archive of what readers write under the news: its model, the ways in and the ways out."""
